// The training loop: epochs of shuffled batches, a schedule, validation, the best weights at the end.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "data/batches.h"
#include "train/optimizer.h"
#include "train/trainer.h"

namespace pare {

struct FitOptions {
  int64_t epochs = 5;
  BatchOptions batches;
  ScheduleOptions schedule;
  int64_t patience = 0;  // ends after this many epochs without a better score; 0: never
};

// Sums over an epoch so far.
struct Progress {
  int64_t epoch = 0, epochs = 0;  // from 1 on
  int64_t samples = 0, samples_of_epoch = 0;
  double loss = 0;                 // mean over the samples
  std::optional<double> accuracy;  // of the batches as they were trained on; with labels
  double seconds = 0;              // in this epoch, without validation

  double samples_per_second() const { return seconds > 0 ? static_cast<double>(samples) / seconds : 0; }
};

struct EpochRecord {
  Progress progress;
  double rate = 0;              // the learning rate at its end
  std::optional<double> score;  // see FitCallbacks::judge
  bool best = false;            // so far
};

struct FitCallbacks {
  std::function<void(const Progress&)> on_step = [](const Progress&) {};
  std::function<void(const EpochRecord&)> on_epoch = [](const EpochRecord&) {};
  // How good the present weights are, larger is better; asked after each epoch. Without it the last weights are the best.
  std::function<Expected<double>(const Trainer&)> judge = nullptr;
};

struct FitResult {
  std::vector<EpochRecord> epochs;
  int64_t best_epoch = 0;  // from 1 on; its weights are in the trainer at the end
  bool stopped_early = false;
};

// Fails where a sample cannot be read, where a batch does not fit the network, and where the loss is no number any more.
Expected<FitResult> fit(Trainer& trainer, const DataView& view, const FitOptions& options,
                        const FitCallbacks& callbacks);

}  // namespace pare
