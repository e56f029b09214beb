#include "steps/quantize.h"

#include <chrono>

#include "engine/evaluate.h"
#include "passes/inline_composites.h"
#include "quant/apply_plan.h"
#include "quant/bias_correction.h"
#include "quant/calibrate.h"
#include "quant/make_plan.h"
#include "steps/fit_rounding.h"
#include "train/clustering.h"
#include "train/fake_quantization.h"

namespace pare {
namespace {

double milliseconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

// `network` before the passes, `baseline` behind them, as is `graph`.
Expected<void> quantize_graph(const Graph& network, Graph& graph, const Graph& baseline, const SampleSource* samples,
                              const QuantizeOptions& options, QuantizeResult& result) {
  StatisticsMap statistics;
  auto begin = std::chrono::steady_clock::now();
  if (needs_calibration(options.config.mode)) {
    CalibrateOptions calibration{.threads = options.threads};
    if (options.effort > 0)
      for (const Value* source : bias_correction_sources(baseline)) calibration.channel_sums.insert(source->name);
    PARE_ASSIGN(statistics, calibrate(baseline, *samples, calibration));
    result.timing.calibration_ms += milliseconds_since(begin);
  }
  begin = std::chrono::steady_clock::now();
  PARE_ASSIGN(const KnownParameters known, clustered_parameters(network, baseline, options.config));
  round_known_scales(graph, options.config, known);
  PARE_ASSIGN(QuantPlan plan, make_plan(graph, statistics, options.config, known));
  if (options.effort > 1 && samples != nullptr && result.model.graphs.size() == 1) {
    std::set<std::string> clustered;  // their few values stay
    for (const auto& [node, weights] : known.weights) clustered.insert(node);
    PARE_TRY(fit_rounding(graph, graph, plan, clustered, *samples, options.threads, options.observer));
  }
  if (options.effort > 0) correct_biases(graph, plan, statistics);
  PARE_TRY(apply_plan(graph, plan));
  result.timing.planning_ms += milliseconds_since(begin);
  result.plan.mode = plan.mode;
  result.plan.io = plan.io;
  result.plan.values.merge(plan.values);
  result.plan.nodes.merge(plan.nodes);
  result.plan.requantized.merge(plan.requantized);
  return {};
}

// A network in training form brings its parameters; the samples give the ranges of what the form does not round.
Expected<QuantizeResult> quantize_trained(const Model& form, const SampleSource* samples,
                                          const QuantizeOptions& options) {
  QuantizeResult result;
  Model network = form.clone();
  result.network = form.clone();
  PARE_ASSIGN(const LearnedQuantization learned, remove_fake_quantization(network.main(), options.config));
  result.baseline = network.clone();
  PARE_ASSIGN(result.passes, prepare_for_quantization(result.baseline.main(), options.config.mode, options.pipeline));
  const KnownParameters known = known_parameters(learned, network.main(), result.baseline.main());
  StatisticsMap statistics;
  const auto begin = std::chrono::steady_clock::now();
  if (samples != nullptr) {
    PARE_ASSIGN(statistics, calibrate(result.baseline.main(), *samples, {.threads = options.threads}));
  }
  result.timing.calibration_ms = milliseconds_since(begin);
  result.model = result.baseline.clone();
  round_known_scales(result.model.main(), options.config, known);
  PARE_ASSIGN(result.plan, make_plan(result.model.main(), statistics, options.config, known));
  PARE_TRY(apply_plan(result.model.main(), result.plan));
  return result;
}

}  // namespace

std::vector<const Pass*> expansions_for(QuantMode mode) {
  std::vector<const Pass*> passes;
  if (needs_calibration(mode)) passes.push_back(find_pass("expand_activations"));
  if (mode == QuantMode::Int8Only || mode == QuantMode::Int16x8) passes.push_back(find_pass("expand_normalizations"));
  return passes;
}

Expected<std::vector<PassRecord>> prepare_for_quantization(Graph& graph, QuantMode mode,
                                                           const PipelineOptions& options) {
  std::vector<const Pass*> passes = passes_of(Pipeline::Canonical);
  for (const Pass* pass : expansions_for(mode)) passes.push_back(pass);
  if (needs_calibration(mode)) passes.push_back(find_pass("add_biases"));
  PARE_ASSIGN(std::vector<PassRecord> records, run_passes(graph, passes, evaluate, options));
  const Pass* separate[] = {find_pass("separate_constants")};
  PARE_TRY(run_passes(graph, separate, evaluate));
  return records;
}

Expected<QuantizeResult> quantize(const Model& model, const SampleSource* samples, const QuantizeOptions& options) {
  const bool calibrated = needs_calibration(options.config.mode);
  if (calibrated && samples == nullptr)
    return usage_error(
        "the mode {} needs calibration samples; give them with --data, or choose dynamic, weight_only or fp16",
        to_string(options.config.mode));
  QuantizeResult result;
  result.baseline = model.clone();
  PARE_TRY(inline_composites(result.baseline));
  if (const size_t graphs = result.baseline.graphs.size(); calibrated && graphs > 1)
    return unsupported(
        "the model has {} graphs, calibration can run one; choose dynamic, weight_only or fp16, or quantise a file of one graph",
        graphs);
  if (is_training_form(result.baseline.main())) return quantize_trained(result.baseline, samples, options);
  const auto begin = std::chrono::steady_clock::now();
  for (Graph& graph : result.baseline.graphs) {
    PARE_TRY(keep_structure(graph, options.keep));
    if (options.config.mode != QuantMode::Fp16) settle_centroids(graph, options.config);
  }
  result.network = result.baseline.clone();
  for (Graph& graph : result.baseline.graphs) {
    PARE_ASSIGN(const std::vector<PassRecord> records,
                prepare_for_quantization(graph, options.config.mode, options.pipeline));
    for (const PassRecord& record : records) result.passes.push_back(record);
  }
  result.timing.passes_ms = milliseconds_since(begin);
  result.model = result.baseline.clone();
  for (size_t g = 0; g < result.model.graphs.size(); ++g)
    PARE_TRY(quantize_graph(result.network.graphs[g], result.model.graphs[g], result.baseline.graphs[g], samples,
                            options, result));
  return result;
}

}  // namespace pare
