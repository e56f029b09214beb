// The course of a training in a folder: `epochs.csv` with a row an epoch, `sparsity.csv` with a row for each mask after each epoch, and beside
// them event files for TensorBoard.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "data/npy.h"
#include "train/event_file.h"
#include "train/fit.h"
#include "train/pruning.h"

namespace pare {

class TrainingLog {
 public:
  // Makes the folder where there is none. `over` are the epochs that a run taken up again has behind it: the log goes on behind them.
  // Without any, the log that an earlier run left there is replaced.
  static Expected<TrainingLog> open(const std::filesystem::path& folder, std::vector<EpochRecord> over);

  // An epoch that is over, and the weights and masks after it. What is logged has the names that `pare train --json` gives it.
  Expected<void> add(const EpochRecord& record, std::span<const NamedTensor> weights,
                     std::span<const MaskRecord> masks = {});

 private:
  TrainingLog(std::filesystem::path folder, std::vector<EpochRecord> epochs, std::string sparsity, EventFile events)
      : folder_(std::move(folder)),
        epochs_(std::move(epochs)),
        sparsity_(std::move(sparsity)),
        events_(std::move(events)) {}

  std::filesystem::path folder_;
  std::vector<EpochRecord> epochs_;
  std::string sparsity_;  // rows so far
  EventFile events_;
};

}  // namespace pare
