#include "steps/cluster.h"

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/training_options.h"
#include "formats/formats.h"
#include "report/cluster.h"
#include "steps/convert.h"
#include "steps/samples.h"

namespace pare::cli {
namespace {

struct Options {
  TrainingOptions training;
  ClusterOptions cluster;
  int64_t samples = 512;
};

// Without training, fitted to samples where there are any.
Expected<ClusterResult> cluster_file(Options& options, const Common& common, const Output& out) {
  PARE_TRY(check_convertible(options.training.output, {}));
  PARE_ASSIGN(const Model model, read_model(options.training.model));
  options.cluster.train.threads = common.threads;
  const auto made = [&]() -> Expected<ClusterResult> {
    if (options.training.data.empty()) return cluster(model, options.cluster);
    PARE_ASSIGN(const SampleSource samples, calibration_source(model.main(), options.training.data, options.samples));
    auto clustered = cluster(model, samples, options.cluster, layer_progress(out));
    out.progress("");
    return clustered;
  };
  PARE_ASSIGN_IN(ClusterResult result, made(), options.training.model);
  PARE_TRY(write_as(result.model, options.training.output, options.training.write));
  return result;
}

// Options that steer a training are of no use without one.
Expected<void> check_untrained(const CLI::App& command, const Options& options) {
  const bool samples = !options.training.data.empty();
  for (const char* name : {"--epochs", "--lr", "--resume", "--distill", "--log", "--assignment", "--temperature"})
    if (command.count(name) > 0 && !(samples && std::string_view(name) == "--epochs"))
      return usage_error(
          "{} is about training, {}", name,
          samples ? "and --epochs 0 does not train" : "which needs samples: give a data set with --data");
  if (samples && options.cluster.clustering.codebook.entropy > 0)
    return usage_error("--entropy chooses by the weights alone, or before a training; it does not go with --epochs 0");
  return {};
}

constexpr double kRateOfWeights = 1e-3;

// Options of the assignment that is not chosen; and the rate, unless told: weights are as many as ever, values move many weights at once.
Expected<void> settle_assignment(const CLI::App& command, Options& options) {
  if (options.cluster.clustering.assignment == ClusterAssignment::Hard) {
    if (command.count("--temperature") > 0) return usage_error("--temperature is of --assignment soft");
    return {};
  }
  for (const char* name : {"--gradient", "--every", "--freeze-codes"})
    if (command.count(name) > 0)
      return usage_error(
          "{} is of --assignment hard; with soft, values are means of weights, and weights find theirs in each step",
          name);
  if (command.count("--lr") == 0) options.training.train.schedule.rate = kRateOfWeights;
  return {};
}

Expected<void> run(Options& options, const CLI::App& command, const Common& common, const Output& out) {
  options.cluster.clustering.codebook.seed = common.seed;
  PARE_TRY(settle_assignment(command, options));
  ClusterResult result;
  if (options.training.data.empty() || options.training.train.epochs == 0) {
    PARE_TRY(check_untrained(command, options));
    PARE_ASSIGN(result, cluster_file(options, common, out));
  } else {
    PARE_TRY(train_file(options.training, common, out,
                        [&](const Model& model, const DataSet& set, const TrainObserver& observer) -> Expected<Model> {
                          options.cluster.train = options.training.train;
                          PARE_ASSIGN(result, cluster(model, set, options.cluster, observer));
                          return result.model.clone();
                        }));
  }
  PARE_ASSIGN(const FileSizes sizes,
              measure_files(options.training.model, result.model.main(), options.training.output));
  return out.result(to_json(result, sizes), [&] { return describe(result, sizes); });
}

void add_which(CLI::App& command, ClusteringOptions& clustering) {
  const char* which = "Which values weights take";
  command
      .add_option("--clusters", clustering.codebook.clusters, "Different values, zero among them where there are zeros")
      ->check(whole_number(1, 65536))
      ->type_name("K")
      ->capture_default_str()
      ->group(which);
  add_choice(
      command, "--scope", clustering.codebook.scope,
      "tensor: so many values in each tensor; channel: in each output channel; integer: among the integers of each "
      "tensor once it is quantised, whose scales a codebook knows beforehand; network: likewise, but the same values in all "
      "tensors, which compress best")
      ->group(which);
  add_choice(command, "--start", clustering.codebook.start,
             "k_means: the best values there are; the others are what training begins from elsewhere")
      ->group(which);
  command
      .add_option(
          "--entropy", clustering.codebook.entropy,
          "Prefer frequent values, which compress better: a bit saved is worth N times the mean error of a weight")
      ->check(number(0, 1000))
      ->type_name("N")
      ->capture_default_str()
      ->group(which);
  add_weight_choice(command, clustering.choice, "all with weights but depthwise ones", which);
  command.add_flag("--biases", clustering.biases, "Biases take few values, too")->group(which);
}

void add_how(CLI::App& command, ClusteringOptions& clustering) {
  const char* how = "How values learn";
  add_choice(
      command, "--assignment", clustering.assignment,
      "hard: each weight is one value, values learn; soft: each is shares of all values, weights learn which they "
      "will be (DKM), and are the nearest in the end; for two values a tensor")
      ->group(how);
  command
      .add_option("--temperature", clustering.temperature,
                  "With --assignment soft: how far shares reach at first, in distances between values; it falls to a "
                  "hundredth of that")
      ->check(number(1e-3, 10))
      ->type_name("T")
      ->capture_default_str()
      ->group(how);
  add_choice(command, "--gradient", clustering.gradient, "That of a value: the sum or the mean of those of its weights")
      ->group(how);
  command
      .add_option("--every", clustering.every,
                  "Steps after which weights change to the value next to them; 0: they keep theirs")
      ->check(whole_number(0))
      ->type_name("N")
      ->capture_default_str()
      ->group(how);
  command
      .add_option("--freeze-codes", clustering.freeze,
                  "Share of all steps after which weights keep their values' numbers")
      ->check(number(0, 1))
      ->type_name("F")
      ->capture_default_str()
      ->group(how);
}

}  // namespace

void add_cluster(CLI::App& program) {
  const auto options = std::make_shared<Options>();
  options->training.train.epochs = 1;
  options->training.least_epochs = 0;
  options->training.train.schedule.rate = 3e-4;  // a value moves many weights at once
  CLI::App* command =
      add_command(program, "cluster", "Give weights a few values, with or without training",
                  {{"pare cluster net.h5 -o small.tflite --clusters 32", "the best 32 values of each tensor"},
                   {"pare cluster net.h5 --data set.toml --epochs 0 -o small.tflite --clusters 16",
                    "the best for what layers compute, without training"},
                   {"pare cluster net.h5 --data set.toml -o small.pare --clusters 16", "which then learn from samples"},
                   {"pare cluster net.h5 --data set.toml -o small.pare --clusters 2 --assignment soft",
                    "which weights learn to be near"},
                   {"pare cluster sparse.pare --data set.toml -o both.pare --scope integer",
                    "zeros stay; then: pare qat both.pare"}},
                  [options, &program](const Common& common, const Output& out) {
                    return run(*options, *program.get_subcommand("cluster"), common, out);
                  });
  command
      ->add_option("MODEL", options->training.model, "The float model: .tflite, .h5, .keras or .pare; zeros stay zero")
      ->required();
  add_training_options(*command, options->training);
  command->get_option("--data")->required(false)->description(
      "The data set, whose split 'train' is trained on; without one values are chosen by the weights alone");
  command->get_option("--lr")->description(
      fmt::format("The learning rate at its largest; {} unless told with --assignment soft", kRateOfWeights));
  command
      ->add_option("--samples", options->samples,
                   "With --epochs 0: samples that the values are fitted to, of the split 'calibration' or 'train'")
      ->check(whole_number(1))
      ->type_name("N")
      ->capture_default_str();
  add_self_teaching(*command, options->cluster.teaching, options->training.train.distillation);
  add_which(*command, options->cluster.clustering);
  add_how(*command, options->cluster.clustering);
}

}  // namespace pare::cli
