// What the commands that train share: their options, and the way from file to file.
#pragma once

#include <string>

#include "cli/command.h"
#include "steps/train.h"

namespace pare::cli {

struct TrainingOptions {
  std::string model, output, data, loss = "auto";
  TrainOptions train;
};

// --data, --output and everything that steers a training.
void add_training_options(CLI::App& command, TrainingOptions& options);

// Reads model and data, trains, writes the output and the result.
Expected<void> run_training(TrainingOptions& options, const Common& common, const Output& out);

}  // namespace pare::cli
