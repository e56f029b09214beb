// What the commands that train share: their options, and the way from file to file.
#pragma once

#include <functional>
#include <string>

#include "cli/command.h"
#include "steps/train.h"

namespace pare::cli {

inline constexpr const char* kAuto = "auto";  // what suits the network

struct TrainingOptions {
  std::string model, output, data, loss = kAuto;
  std::vector<std::string> rates;  // as they were typed
  TrainOptions train;
  int64_t least_epochs = 1;
  WriteOptions write;
};

// An option that takes one of the spellings of an enumeration, or kAuto.
template <NamedEnum Enum>
CLI::Option* add_auto_choice(CLI::App& command, const char* name, std::string& target, const char* meaning) {
  std::vector<std::string> all{kAuto};
  all.insert(all.end(), EnumNames<Enum>::names.begin(), EnumNames<Enum>::names.end());
  return command.add_option(name, target, meaning)
      ->check(CLI::IsMember(all).description(""))
      ->type_name(fmt::format("{}", fmt::join(all, "|")))
      ->capture_default_str();
}

// --data, --output and everything that steers a training.
void add_training_options(CLI::App& command, TrainingOptions& options);

// --distill, --no-labels, --feature and --feature-weight, of commands whose network learns from what it was.
void add_self_teaching(CLI::App& command, SelfTeaching& teaching, DistillationOptions& distillation);

// --feature-weight, of commands that learn from values inside a teacher.
CLI::Option* add_feature_weight(CLI::App& command, DistillationOptions& distillation);

// A step from a model, a data set and what watches the run to what is written.
using TrainingStep =
    std::function<Expected<Model>(const Model& model, const DataSet& set, const TrainObserver& observer)>;

// Reads model and data, takes the step, writes the output. The state of the run lies beside the output until that is written.
Expected<void> train_file(TrainingOptions& options, const Common& common, const Output& out, const TrainingStep& step);

// The same for a plain training, with the result.
Expected<void> run_training(TrainingOptions& options, const Common& common, const Output& out);

}  // namespace pare::cli
