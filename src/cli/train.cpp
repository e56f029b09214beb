#include "steps/train.h"

#include <charconv>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "formats/formats.h"
#include "report/training.h"
#include "steps/convert.h"
#include "steps/kept_run.h"

namespace pare::cli {
namespace {

constexpr const char* kAuto = "auto";  // what default_loss() finds out

struct Options {
  std::string model, output, data, loss = kAuto;
  std::vector<std::string> rates;
  TrainOptions train;
};

// PATTERN=FACTOR.
Expected<RateFactor> parse_rate(const std::string& text) {
  const size_t at = text.rfind('=');
  const std::string pattern = text.substr(0, at), number = at == std::string::npos ? "" : text.substr(at + 1);
  double factor = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), factor);
  if (pattern.empty() || number.empty() || error != std::errc() || end != number.data() + number.size() ||
      !(factor >= 0 && factor <= 1000))
    return usage_error("--rate: '{}' was given, PATTERN=FACTOR such as 'stem*=0.1' was expected", text);
  if (factor == 0)
    return usage_error("--rate: at 0 times the rate weights stay as they are; `--freeze '{}'` says so", pattern);
  return RateFactor{pattern, factor};
}

Expected<void> run(Options& options, const Common& common, const Output& out) {
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
  PARE_ASSIGN(const DataSet set, DataSet::open(options.data));
  PARE_ASSIGN_IN(const TrainResult result,
                 train(model, set, options.train,
                       {.on_step = [&](const Progress& progress) { out.progress(describe(progress)); }}),
                 options.model);
  const auto written = convert(result.model, options.output, {}).and_then([&](const ConvertResult& converted) {
    return write_model(converted.model, options.output);
  });
  if (!written) return Failure(kept_in(options.train.checkpoint, written.error()));
  std::error_code gone;
  std::filesystem::remove(options.train.checkpoint, gone);
  return out.result(to_json(result, options.model, options.output), [&] { return describe(result, options.output); });
}

void add_course(CLI::App& command, TrainOptions& train) {
  command.add_option("--epochs", train.epochs, "Passes over the training samples")
      ->check(whole_number(1))
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
      .add_option("--log", train.log, "Folder for the course of the run: epochs.csv, and event files for TensorBoard")
      ->type_name("DIR");
  command.add_flag("--balanced", train.balanced, "Classes weigh alike, however many samples each has");
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

}  // namespace

void add_train(CLI::App& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = add_command(
      program, "train", "Train a network, or fine-tune it, on a data set",
      {{"pare train net.h5 --data set.toml -o tuned.tflite --epochs 3 --lr 1e-4", "all weights, a small rate"},
       {"pare train net.keras --data photos/ -o head.tflite --last 1 --epochs 10", "only the last layer with weights"},
       {"pare train net.tflite --data set.npz -o net2.tflite --optimizer sgd --lr 0.1 --schedule one_cycle", ""}},
      [options](const Common& common, const Output& out) { return run(*options, common, out); });
  command->add_option("MODEL", options->model, "The float model: .tflite, .h5, .keras or .pare")->required();
  command->add_option("--data", options->data, "The data set; its split 'train' is trained on")
      ->required()
      ->type_name("DATA");
  add_output(*command, options->output, "The file to write")->required();
  add_course(*command, options->train);
  std::vector<std::string> losses(EnumNames<Loss>::names.begin(), EnumNames<Loss>::names.end());
  losses.insert(losses.begin(), kAuto);
  command->add_option("--loss", options->loss, "What becomes small; auto: what suits the output of the network")
      ->check(CLI::IsMember(losses).description(""))
      ->type_name(fmt::format("{}", fmt::join(losses, "|")))
      ->capture_default_str();
  command->add_option("--smoothing", options->train.smoothing, "Share of each label that is spread over all classes")
      ->check(number(0, 1))
      ->type_name("F")
      ->capture_default_str();
  add_optimizer(*command, options->train);
  const char* where = "Which weights change";
  command->add_option("--freeze", options->train.freeze, "Operators that stay as they are: a pattern such as 'stem*'")
      ->type_name("PATTERN")
      ->group(where);
  command
      ->add_option(
          "--rate", options->rates,
          "Operators that train at FACTOR times the learning rate, such as 'stem*=0.1'; the last that matches counts")
      ->type_name("PATTERN=FACTOR")
      ->group(where);
  command->add_option("--last", options->train.last, "Train only the last N operators with weights; 0: all")
      ->check(whole_number(0))
      ->type_name("N")
      ->capture_default_str()
      ->group(where);
}

}  // namespace pare::cli
