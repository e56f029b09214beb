#include <memory>

#include "cli/training_options.h"
#include "formats/formats.h"

namespace pare::cli {
namespace {

struct Options {
  TrainingOptions training;
  std::string teacher, soft_loss = kAuto;
  std::vector<std::string> features;
  bool no_labels = false;
};

// "STUDENT=TEACHER"
Expected<FeaturePair> feature_of(const std::string& text) {
  const size_t at = text.find('=');
  if (at == std::string::npos || at == 0 || at + 1 == text.size())
    return usage_error("--feature is '{}'; STUDENT=TEACHER was expected, the names of two values", text);
  return FeaturePair{text.substr(0, at), text.substr(at + 1)};
}

Expected<void> run(Options& options, const Common& common, const Output& out) {
  TrainOptions& train = options.training.train;
  DistillationOptions& distillation = train.distillation;
  if (options.soft_loss != kAuto) distillation.soft_loss = parse_enum<SoftLoss>(options.soft_loss);
  distillation.use_targets = !options.no_labels;
  for (const std::string& text : options.features) {
    PARE_ASSIGN(FeaturePair pair, feature_of(text));
    distillation.features.push_back(std::move(pair));
  }
  PARE_ASSIGN(Model teacher, read_model(options.teacher));
  teacher.source_path = options.teacher;
  train.teacher = &teacher;
  return run_training(options.training, common, out);
}

void add_distillation(CLI::App& command, Options& options) {
  const char* how = "How the student learns from the teacher";
  DistillationOptions& distillation = options.training.train.distillation;
  add_auto_choice<SoftLoss>(
      command, "--soft-loss", options.soft_loss,
      "dist: correlation of the softened probabilities by sample and by class; kl: their divergence; mse: squared "
      "distance of the scores; auto: dist for classes, kl for sigmoids, else mse")
      ->group(how);
  command
      .add_option("--temperature", distillation.temperature,
                  "What scores are divided by before they become probabilities")
      ->check(number(0.01, 1000))
      ->type_name("T")
      ->capture_default_str()
      ->group(how);
  command
      .add_option(
          "--soft-weight", distillation.soft_weight,
          "Share of the soft loss, the rest is that of the labels; 0.5 of dist and 0.9 of the others unless told")
      ->check(number(0, 1))
      ->type_name("F")
      ->group(how);
  command
      .add_option(
          "--feature", options.features,
          "A value of the student that is to become like one of the teacher; names as `pare inspect --layers` shows them")
      ->type_name("STUDENT=TEACHER")
      ->group(how);
  add_feature_weight(command, distillation)->group(how);
  command.add_flag("--no-labels", options.no_labels, "Learn from the teacher alone, as if the data set had no labels")
      ->group(how);
}

}  // namespace

void add_distill(CLI::App& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = add_command(
      program, "distill", "Train a small network to do what a larger one does",
      {{"pare distill small.pare --teacher large.h5 --data set.toml -o small.tflite --epochs 20",
        "small.pare from `pare build`, or any other float network that takes the same samples"},
       {"pare distill pruned.pare --teacher net.h5 --data photos/ -o out.tflite --no-labels", "without a single label"},
       {"pare distill small.pare --teacher large.h5 --data set.toml -o out.tflite --feature pool_3=pool_7",
        "what lies inside is learned, too"}},
      [options](const Common& common, const Output& out) { return run(*options, common, out); });
  command->add_option("STUDENT", options->training.model, "The float model to train: .tflite, .h5, .keras or .pare")
      ->required();
  command->add_option("--teacher", options->teacher, "The model to learn from, float or quantised")
      ->required()
      ->type_name("MODEL");
  add_training_options(*command, options->training);
  add_distillation(*command, *options);
}

}  // namespace pare::cli
