#include <memory>

#include "cli/training_options.h"

namespace pare::cli {

void add_train(CLI::App& program) {
  const auto options = std::make_shared<TrainingOptions>();
  CLI::App* command = add_command(
      program, "train", "Train a network, or fine-tune it, on a data set",
      {{"pare train net.h5 --data set.toml -o tuned.tflite --epochs 3 --lr 1e-4", "all weights, a small rate"},
       {"pare train net.keras --data photos/ -o head.tflite --last 1 --epochs 10", "only the last layer with weights"},
       {"pare train net.tflite --data set.npz -o net2.tflite --optimizer sgd --lr 0.1 --schedule one_cycle",
        "another optimiser, and a rate that rises and falls once"}},
      [options](const Common& common, const Output& out) { return run_training(*options, common, out); });
  command->add_option("MODEL", options->model, "The float model: .tflite, .h5, .keras or .pare")->required();
  add_training_options(*command, *options);
}

}  // namespace pare::cli
