#include "cli/training_options.h"

#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "formats/formats.h"
#include "report/training.h"
#include "steps/convert.h"
#include "steps/kept_run.h"

namespace pare::cli {
namespace {

// PATTERN=FACTOR.
Expected<RateFactor> parse_rate(const std::string& text) {
  const auto [pattern, number] = pattern_and_value(text);
  double factor = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), factor);
  if (pattern.empty() || error != std::errc() || end != number.data() + number.size() ||
      !(factor >= 0 && factor <= 1000))
    return usage_error("--rate: '{}' was given, PATTERN=FACTOR such as 'stem*=0.1' was expected", text);
  if (factor == 0)
    return usage_error("--rate: at 0 times the rate weights stay as they are; `--freeze '{}'` says so", pattern);
  return RateFactor{pattern, factor};
}

void add_course(CLI::App& command, TrainOptions& train, int64_t least_epochs) {
  command.add_option("--epochs", train.epochs, "Passes over the training samples")
      ->check(whole_number(least_epochs))
      ->type_name("N")
      ->capture_default_str();
  command.add_option("--batch", train.batch, "Samples a step")
      ->check(whole_number(1))
      ->type_name("N")
      ->capture_default_str();
  command
      .add_option("--validation", train.validation,
                  "Share of the training samples held out where the set has no split 'validation'; 0: none")
      ->check(number(0, 0.9))
      ->type_name("F")
      ->capture_default_str();
  command.add_option("--patience", train.patience, "Stop after N epochs without a better validation; 0: never")
      ->check(whole_number(0))
      ->type_name("N")
      ->capture_default_str();
  command.add_flag("--resume", train.resume,
                   "Go on with a run that was interrupted: its state lies beside the output, in FILE.checkpoint.pare");
  command
      .add_option(
          "--log", train.log,
          "Folder for the course of the run: epochs.csv, with masks sparsity.csv, and event files for TensorBoard")
      ->type_name("DIR");
  command.add_flag(
      "--bf16", train.bf16,
      "Round operands of products to bfloat16, 8 binary digits instead of 24, with sums in float32: faster where "
      "layers of 1 x 1 are wide");
  CLI::Option* balanced =
      command.add_flag("--balanced", train.balanced, "Classes weigh alike, however many samples each has");
  command.add_option("--class-weights", train.class_weights, "What a sample of each class counts, class by class")
      ->type_name("W")
      ->excludes(balanced);
}

void add_optimizer(CLI::App& command, TrainOptions& train) {
  const char* how = "How weights change";
  add_choice(command, "--optimizer", train.optimizer.optimizer, "How gradients become steps")->group(how);
  command.add_option("--lr", train.schedule.rate, "The learning rate at its largest")
      ->check(number(0, 1000))
      ->type_name("R")
      ->capture_default_str()
      ->group(how);
  add_choice(command, "--schedule", train.schedule.schedule, "Its course")->group(how);
  command.add_option("--warm-up", train.schedule.warm_up, "Share of all steps over which it grows from 0")
      ->check(number(0, 1))
      ->type_name("F")
      ->capture_default_str()
      ->group(how);
  command.add_option("--momentum", train.optimizer.momentum, "Of sgd and rmsprop")
      ->check(number(0, 1))
      ->type_name("M")
      ->capture_default_str()
      ->group(how);
  command.add_flag("--nesterov", train.optimizer.nesterov, "Look ahead with the momentum (sgd)")->group(how);
  command.add_option("--decay", train.optimizer.decay, "Decay of weights, not of biases and normalisations")
      ->check(number(0, 1))
      ->type_name("D")
      ->capture_default_str()
      ->group(how);
  command
      .add_option("--average", train.average,
                  "Judge and keep an average of the weights over the steps with this momentum, such as 0.999; 0: none")
      ->check(number(0, 0.999999))
      ->type_name("M")
      ->capture_default_str()
      ->group(how);
  command.add_option("--clip-norm", train.optimizer.clip_norm, "Largest norm of all gradients together; 0: no limit")
      ->check(number(0, 1e9))
      ->type_name("N")
      ->capture_default_str()
      ->group(how);
}

void add_loss(CLI::App& command, TrainingOptions& options) {
  add_auto_choice<Loss>(command, "--loss", options.loss,
                        "What becomes small; auto: what suits the output of the network");
  command.add_option("--smoothing", options.train.smoothing, "Share of each label that is spread over all classes")
      ->check(number(0, 1))
      ->type_name("F")
      ->capture_default_str();
}

void add_frozen(CLI::App& command, TrainingOptions& options) {
  const char* where = "Which weights change";
  command.add_option("--freeze", options.train.freeze, "Operators that stay as they are: a pattern such as 'stem*'")
      ->type_name("PATTERN")
      ->group(where);
  command
      .add_option(
          "--rate", options.rates,
          "Operators that train at FACTOR times the learning rate, such as 'stem*=0.1'; the last that matches counts")
      ->type_name("PATTERN=FACTOR")
      ->group(where);
  command.add_option("--last", options.train.last, "Train only the last N operators with weights; 0: all")
      ->check(whole_number(0))
      ->type_name("N")
      ->capture_default_str()
      ->group(where);
}

}  // namespace

void add_training_options(CLI::App& command, TrainingOptions& options) {
  command.add_option("--data", options.data, "The data set; its split 'train' is trained on")
      ->required()
      ->type_name("DATA");
  add_output(command, options.output, "The file to write")->required();
  add_sparse_encoding(command, options.write);
  add_course(command, options.train, options.least_epochs);
  add_loss(command, options);
  add_keep(command, options.train.keep);
  add_optimizer(command, options.train);
  add_frozen(command, options);
}

void add_self_teaching(CLI::App& command, SelfTeaching& teaching, DistillationOptions& distillation) {
  command.add_flag("--distill", teaching.use_teacher, "Learn from the model as it is beside the labels");
  command.add_flag_callback(
      "--no-labels", [&] { teaching.use_labels = false; }, "Learn from the model as it is, as if there were no labels");
  command
      .add_option_function<std::vector<std::string>>(
          "--feature",
          [&](const std::vector<std::string>& names) {
            for (const std::string& name : names) distillation.features.push_back({name, name});
            teaching.use_teacher = true;
          },
          "A value inside it that is to stay like that of the model as it is, which then teaches; names as `pare inspect --layers` shows them")
      ->type_name("NAME");
  add_feature_weight(command, distillation);
}

CLI::Option* add_feature_weight(CLI::App& command, DistillationOptions& distillation) {
  return command
      .add_option("--feature-weight", distillation.feature_weight,
                  "Factor of the squared errors of features, which are shares of the features' mean squares")
      ->check(number(0, 1e9))
      ->type_name("F")
      ->capture_default_str();
}

Expected<void> train_file(TrainingOptions& options, const Common& common, const Output& out, const TrainingStep& step) {
  options.train.threads = common.threads;
  options.train.seed = common.seed;
  if (options.loss != kAuto) options.train.loss = parse_enum<Loss>(options.loss);
  for (const std::string& each : options.rates) {
    PARE_ASSIGN(RateFactor factor, parse_rate(each));
    options.train.rates.push_back(std::move(factor));
  }
  PARE_TRY(check_convertible(options.output, {}));
  // Beside the output until that is written.
  options.train.checkpoint = options.output + ".checkpoint.pare";
  PARE_ASSIGN(const Model model, read_model(options.model));
  PARE_TRY(check_writable(model, options.output));  // before long work, not after it
  PARE_ASSIGN(const DataSet set, DataSet::open(options.data));
  const TrainObserver observer{.on_teacher = [&] { out.progress("the teacher looks at the samples"); },
                               .on_step = [&](const Progress& progress) { out.progress(describe(progress)); }};
  PARE_ASSIGN_IN(const Model trained, step(model, set, observer), options.model);
  if (const auto written = write_as(trained, options.output, options.write); !written)
    return Failure(std::filesystem::exists(options.train.checkpoint)
                       ? kept_in(options.train.checkpoint, written.error())
                       : written.error());
  std::error_code gone;
  std::filesystem::remove(options.train.checkpoint, gone);
  return {};
}

Expected<void> run_training(TrainingOptions& options, const Common& common, const Output& out) {
  TrainResult result;
  PARE_TRY(train_file(options, common, out,
                      [&](const Model& model, const DataSet& set, const TrainObserver& observer) -> Expected<Model> {
                        PARE_ASSIGN(result, train(model, set, options.train, observer));
                        return result.model.clone();
                      }));
  return out.result(to_json(result, options.model, options.output), [&] { return describe(result, options.output); });
}

}  // namespace pare::cli
