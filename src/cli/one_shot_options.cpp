#include "cli/one_shot_options.h"

#include <nlohmann/json.hpp>
#include <set>

#include "report/prune.h"
#include "steps/convert.h"
#include "steps/samples.h"

namespace pare::cli {
namespace {

// What goes with it; all other options are about training or whole channels.
const std::set<std::string> kTaken{"--one-shot", "--sparsity", "--budget",  "--block",  "--block-score",     "--n-of-m",
                                   "--include",  "--exclude",  "--type",    "--policy", "--samples",         "--data",
                                   "--output",   "--help",     "--threads", "--seed",   "--sparse-encoding", "--quiet",
                                   "--json"};

}  // namespace

void add_one_shot(CLI::App& command, OneShotOptions& options) {
  add_choice(command, "--one-shot", options.criterion,
             "Weights become zero at once, without training. obs: those whose loss the others of their layer make up "
             "for best, and these do, fitted on --samples; magnitude: the smallest, while the others stay as they are")
      ->default_str("")
      ->group("Without training");
}

Expected<void> check_one_shot(const CLI::App& command) {
  for (const CLI::Option* option : command.get_options()) {
    const std::string name = option->get_name();
    if (option->count() > 0 && name.starts_with("--") && !kTaken.contains(name))
      return usage_error("{} does not go with --one-shot, which makes single weights zero without training", name);
  }
  return {};
}

Expected<void> run_one_shot(const TrainingOptions& training, OneShotOptions& options, const PruningOptions& pruning,
                            int64_t samples_wanted, const CLI::App& command, const Common& common, const Output& out) {
  options.sparsity = pruning.schedule.final;
  options.pattern = pruning.pattern;
  if (command.count("--budget") > 0) options.budget = pruning.budget;
  options.choice = pruning.choice;
  options.threads = common.threads;
  PARE_TRY(check_convertible(training.output, {}));
  PARE_ASSIGN(const Model model, read_model(training.model));
  std::optional<SampleSource> samples;
  if (!training.data.empty()) { PARE_ASSIGN(samples, calibration_source(model.main(), training.data, samples_wanted)); }
  auto result = prune_one_shot(model, samples ? &*samples : nullptr, options, layer_progress(out));
  out.progress("");
  if (!result) return Failure(result.error().within(training.model));
  PARE_TRY(write_as(result->model, training.output, training.write));
  PARE_ASSIGN(const FileSizes sizes, measure_files(training.model, result->model.main(), training.output));
  return out.result(to_json(*result, sizes), [&] { return describe(*result, sizes); });
}

}  // namespace pare::cli
