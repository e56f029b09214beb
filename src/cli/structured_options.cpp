#include "cli/structured_options.h"

#include <nlohmann/json.hpp>

#include "report/prune_channels.h"

namespace pare::cli {
namespace {

constexpr double kMultiplyAdds = 0.5;  // that stay where no limit is given
constexpr const char* kGroup = "Whole channels, filters and neurons (--structured)";
constexpr const char* kOfStructured[] = {"--macs",        "--weights", "--latency", "--channel-criterion",
                                         "--multiple-of", "--rounds",  "--samples", "--no-refit",
                                         "--explain"};
constexpr const char* kOfZeros[] = {"--sparsity",  "--block", "--block-score", "--n-of-m", "--course",
                                    "--initial",   "--begin", "--end",         "--power",  "--every",
                                    "--criterion", "--type",  "--policy"};

void add_limits(CLI::App& command, StructuredOptions& options) {
  NarrowOptions& narrow = options.prune.narrow;
  CLI::Option* macs = command.add_option("--macs", narrow.macs,
                                         "Share of the multiply-adds that stays; 0.5 where no limit is given. Several "
                                         "limits hold together");
  CLI::Option* weights = command.add_option("--weights", narrow.weights, "Share of the weights that stays");
  CLI::Option* latency =
      command.add_option("--latency", narrow.latency,
                         "Share of the latency that stays: measured here, of one sample with one thread, in float. "
                         "Layers are timed at many widths: leave the computer to it");
  for (CLI::Option* each : {macs, weights, latency}) each->check(number(0, 1))->type_name("F")->group(kGroup);
}

}  // namespace

void add_structured_options(CLI::App& command, StructuredOptions& options) {
  command
      .add_flag("--structured", options.structured,
                "Channels leave as a whole, with everything that hangs on them: the result is a smaller plain network. "
                "--include, --exclude and --budget uniform|global say which; --epochs 0 does not train")
      ->group(kGroup);
  add_limits(command, options);
  NarrowOptions& narrow = options.prune.narrow;
  add_choice(command, "--channel-criterion", narrow.criterion,
             "What a channel is judged by: taylor: what the loss would change by (labels, or the network's own); l1, "
             "l2, geometric_median: its weights; bn_scale: its factors in batch normalisations; activation: its "
             "magnitude on samples")
      ->group(kGroup);
  command.add_option("--multiple-of", narrow.multiple_of, "Widths become multiples of N; narrower layers stay")
      ->check(whole_number(1))
      ->type_name("N")
      ->capture_default_str()
      ->group(kGroup);
  command
      .add_option("--rounds", options.prune.rounds,
                  "Removals, each with --epochs of training behind it; many with one epoch each are gradual pruning")
      ->check(whole_number(1, 1000))
      ->type_name("N")
      ->capture_default_str()
      ->group(kGroup);
  command
      .add_option("--samples", options.prune.samples,
                  "Samples that channels are judged by and that layers are fitted to, with --one-shot obs, too")
      ->check(whole_number(1))
      ->type_name("N")
      ->capture_default_str()
      ->group(kGroup);
  command
      .add_flag("--no-refit", options.no_refit,
                "Layers keep their weights, where else each is fitted by least squares to what it computed before")
      ->group(kGroup);
  command.add_flag("--explain", options.explain, "Say which channels had to stay, and why")->group(kGroup);
}

Expected<void> check_structured(const CLI::App& command, const StructuredOptions& options) {
  if (options.structured) {
    for (const char* option : kOfZeros)
      if (command.count(option) > 0)
        return usage_error(
            "{} makes single weights zero; with --structured whole channels leave: --macs, --weights or --latency say how many",
            option);
    return {};
  }
  for (const char* option : kOfStructured)
    if (command.count(option) > 0) return usage_error("{} is an option of --structured, which was not given", option);
  if (command["--epochs"]->as<int64_t>() < 1)
    return usage_error(
        "--epochs: weights become zero in the course of training, which needs an epoch; --structured can do without");
  return {};
}

Expected<void> run_structured(TrainingOptions& training, StructuredOptions& options, const Common& common,
                              const Output& out) {
  PruneChannelsOptions& prune = options.prune;
  if (!prune.narrow.macs && !prune.narrow.weights && !prune.narrow.latency) prune.narrow.macs = kMultiplyAdds;
  prune.narrow.refit = !options.no_refit;
  prune.narrow.seed = common.seed;
  prune.narrow.threads = common.threads;
  prune.narrow.observer = layer_progress(out);
  prune.on_removal = [&](const NarrowedLayer& whole) { out.note(describe_removal(whole)); };
  PruneChannelsResult result;
  PARE_TRY(train_file(training, common, out,
                      [&](const Model& model, const DataSet& set, const TrainObserver& observer) -> Expected<Model> {
                        prune.train = training.train;
                        PARE_ASSIGN(result, prune_channels(model, set, prune, observer));
                        return result.model.clone();
                      }));
  PARE_ASSIGN(const FileSizes sizes, measure_files(training.model, result.model.main(), training.output));
  return out.result(to_json(result, sizes), [&] { return describe(result, sizes, options.explain); });
}

}  // namespace pare::cli
