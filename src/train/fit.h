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
  double checkpoint_seconds = 60;
  // Shares of all steps after which ranges of fake quantisation and statistics of batch normalisations stay as they are; 1: never.
  double freeze_ranges = 1, freeze_statistics = 1;
  double damping = 0;  // the largest, see damping_at()
  double best_from =
      0;  // share of all steps after which an epoch may be the best: what changes until then is no result
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

struct FitResult {
  std::vector<EpochRecord> epochs;
  int64_t best_epoch = 0;  // from 1 on; its weights are in the trainer at the end
  bool stopped_early = false;
};

// Where a run stands: what fit() needs to go on as if nothing had happened.
struct FitState {
  FitResult so_far;             // of the epochs that are over
  Progress progress;            // of the epoch that is not
  int64_t batches = 0;          // of it, that are over
  double loss_sum = 0;          // over its samples so far
  int64_t right = 0;            // of those, where there are labels
  int64_t steps = 0;            // in all
  std::vector<Tensor> carried;  // see Trainer::state
  std::vector<Tensor> best;     // the same after the best epoch
};

struct FitCallbacks {
  std::function<void(const Progress&)> on_step = [](const Progress&) {};
  // Before each step, of so many in all: what changes masks and codes.
  std::function<Expected<void>(Trainer&, int64_t steps)> before_step = [](Trainer&, int64_t) {
    return Expected<void>();
  };
  // After each epoch. A failure ends the run.
  std::function<Expected<void>(const EpochRecord&)> on_epoch = [](const EpochRecord&) { return Expected<void>(); };
  // How good the present weights are, larger is better; asked after each epoch. Without it the last weights are the best.
  std::function<Expected<double>(const Trainer&)> judge = nullptr;
  // Keeps the state: at the end of each epoch, and in between every FitOptions::checkpoint_seconds. A failure ends the run.
  std::function<Expected<void>(const FitState&)> on_checkpoint = nullptr;
};

// Fails where a sample cannot be read, where a batch does not fit the network, and where the loss is no number any more. `from` takes a
// run up again: with the same trainer, view and options its end is the same to the bit.
Expected<FitResult> fit(Trainer& trainer, const DataView& view, const FitOptions& options,
                        const FitCallbacks& callbacks, std::optional<FitState> from = {});

}  // namespace pare
