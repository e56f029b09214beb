// The course of a training in a folder: `epochs.csv` with a row an epoch, and beside it event files for TensorBoard.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "data/npy.h"
#include "train/event_file.h"
#include "train/fit.h"

namespace pare {

class TrainingLog {
 public:
  // Makes the folder where there is none. `over` are the epochs that a run taken up again has behind it: the log goes on behind them.
  // Without any, the log that an earlier run left there is replaced.
  static Expected<TrainingLog> open(const std::filesystem::path& folder, std::vector<EpochRecord> over);

  // An epoch that is over, and the weights after it. What is logged has the names that `pare train --json` gives it.
  Expected<void> add(const EpochRecord& record, std::span<const NamedTensor> weights);

 private:
  TrainingLog(std::filesystem::path table, std::vector<EpochRecord> epochs, EventFile events)
      : table_(std::move(table)), epochs_(std::move(epochs)), events_(std::move(events)) {}

  std::filesystem::path table_;
  std::vector<EpochRecord> epochs_;
  EventFile events_;
};

}  // namespace pare
