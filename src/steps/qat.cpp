#include "steps/qat.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "engine/evaluate.h"
#include "passes/inline_composites.h"
#include "quant/calibrate.h"
#include "quant/choose_precision.h"
#include "steps/samples.h"

namespace pare {
namespace {

Expected<Model> trainable(const Model& model, QuantMode mode) {
  Model base = model.clone();
  PARE_TRY(inline_composites(base));
  if (base.graphs.size() != 1)
    return unsupported("the model has {} graphs; networks of one are trained", base.graphs.size());
  std::vector<const Pass*> passes = passes_of(Pipeline::Trainable);
  for (const Pass* pass : expansions_for(mode)) passes.push_back(pass);
  PARE_TRY(run_passes(base.main(), passes, [](const Node& node) { return evaluate(node); }));
  return base;
}

Expected<bool> has_targets(const DataSet& set) {
  if (set.divided() && !set.has(Split::Train)) return true;  // training says what is missing
  PARE_ASSIGN(const DataView view, set.split(Split::Train));
  return view.target() != TargetKind::None;
}

bool has_few_bits(const QuantConfig& config) {
  const auto few = [](int weights, int activations) {
    return (weights != 0 && weights < 8) || (activations != 0 && activations < 8);
  };
  return few(config.weight_bits, config.activation_bits) ||
         std::any_of(config.layers.begin(), config.layers.end(),
                     [&](const LayerBits& layer) { return few(layer.weights, layer.activations); });
}

// What the course of a run hangs on beside what train() knows of.
std::map<std::string, std::string> settings_of(const QatOptions& options) {
  const QuantConfig& config = options.quantization;
  std::string layers, fixed;
  for (const LayerBits& layer : config.layers)
    layers += fmt::format("{}=w{}a{} ", layer.pattern, layer.weights, layer.activations);
  for (const FixedRange& range : config.fixed)
    fixed += fmt::format("{}={}:{} ", range.pattern, range.range.lowest, range.range.highest);
  return {{"mode", std::string(to_string(config.mode))},
          {"weight_bits", std::to_string(config.weight_bits)},
          {"activation_bits", std::to_string(config.activation_bits)},
          {"layers", layers},
          {"fixed_ranges", fixed},
          {"include", fmt::format("{}", fmt::join(config.include, " "))},
          {"exclude", fmt::format("{}", fmt::join(config.exclude, " "))},
          {"range", fmt::format("{} {}", to_string(config.range.method), config.range.percentile)},
          {"ranges", std::string(to_string(options.ranges))},
          {"calibration_samples", std::to_string(options.calibration_samples)}};
}

}  // namespace

Expected<QatResult> qat(const Model& model, const DataSet& set, const QatOptions& options,
                        const TrainObserver& observer) {
  const QuantConfig& config = options.quantization;
  if (config.per_tensor)
    return usage_error("quantisation-aware training has one scale a channel of the weights; leave out --per-tensor");
  QatResult result;
  PARE_ASSIGN(result.form, trainable(model, config.mode));
  Graph& network = result.form.main();
  Graph deployed = network.clone();
  PARE_TRY(prepare_for_quantization(deployed, config.mode, {}));
  std::optional<SampleSource> samples;
  StatisticsMap statistics;
  if (needs_calibration(config.mode)) {
    PARE_ASSIGN(const DataView view, calibration_samples(set, options.calibration_samples));
    PARE_ASSIGN(samples, source_for(network, view));
    result.calibration_samples = samples->count;
    PARE_ASSIGN(statistics, calibrate(deployed, *samples, {.threads = options.train.threads}));
  }
  if (const auto unmatched = unmatched_patterns(deployed, config); !unmatched.empty())
    return bad_input("nothing that is quantised is called '{}'; `pare quantize --explain` lists the names",
                     unmatched.front());
  PARE_ASSIGN(const QuantPlan plan, make_plan(deployed, statistics, config));
  PARE_TRY(insert_fake_quantization(network, deployed, plan, config, options.ranges));
  TrainOptions training = options.train;
  training.settings = settings_of(options);
  training.freeze_statistics = options.freeze_statistics.value_or(has_few_bits(config) ? 0.8 : 0);
  PARE_ASSIGN(const bool labelled, has_targets(set));
  training.distillation.use_targets = options.use_labels && labelled;
  if (!training.distillation.use_targets || !training.distillation.features.empty()) training.teacher = &model;
  PARE_ASSIGN(result.training, train(result.form, set, training, observer));
  result.form = std::move(result.training.model);
  const SampleSource* seen = samples ? &*samples : nullptr;
  const QuantizeOptions as_trained{.config = config, .threads = options.train.threads};
  PARE_ASSIGN(const QuantizeResult unsettled, quantize(result.form, seen, as_trained));
  settle_biases(result.form.main(), unsettled.baseline.main(), unsettled.plan);
  PARE_ASSIGN(result.quantized, quantize(result.form, seen, as_trained));
  return result;
}

}  // namespace pare
