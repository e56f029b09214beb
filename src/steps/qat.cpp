#include "steps/qat.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "engine/evaluate.h"
#include "passes/inline_composites.h"
#include "quant/calibrate.h"
#include "quant/choose_precision.h"
#include "steps/fit_rounding.h"
#include "steps/samples.h"

namespace pare {
namespace {

// Of a training form the network behind its rounding.
Expected<Model> trainable(const Model& model, const QatOptions& options) {
  const QuantMode mode = options.quantization.mode;
  Model base = model.clone();
  for (Graph& graph : base.graphs) forget_fake_quantization(graph);
  PARE_TRY(inline_composites(base));
  if (base.graphs.size() != 1)
    return unsupported("the model has {} graphs; networks of one are trained", base.graphs.size());
  PARE_TRY(keep_structure(base.main(), options.train.keep));
  std::vector<const Pass*> passes = passes_of(Pipeline::Trainable);
  for (const Pass* pass : expansions_for(mode)) passes.push_back(pass);
  PARE_TRY(run_passes(base.main(), passes, [](const Node& node) { return evaluate(node); }));
  return base;
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
          {"scale_bits", std::to_string(config.scale_bits)},
          {"layers", layers},
          {"fixed_ranges", fixed},
          {"include", fmt::format("{}", fmt::join(config.include, " "))},
          {"exclude", fmt::format("{}", fmt::join(config.exclude, " "))},
          {"range", fmt::format("{} {}", to_string(config.range.method), config.range.percentile)},
          {"ranges", std::string(to_string(options.ranges))},
          {"calibration_samples", std::to_string(options.calibration_samples)},
          {"kept", fmt::format("{}", fmt::join(names_of(options.train.keep), " "))}};
}

// Rounds what the plan that quantize() would make stores smaller; weights of few bits begin as integers that change least. `samples` is null
// where no activation is rounded.
Expected<void> round(Graph& network, const SampleSource* samples, const QatOptions& options) {
  const QuantConfig& config = options.quantization;
  Graph deployed = network.clone();
  PARE_TRY(prepare_for_quantization(deployed, config.mode, {}));
  if (const auto unmatched = unmatched_patterns(deployed, config); !unmatched.empty())
    return bad_input("nothing that is quantised is called '{}'; `pare quantize --explain` lists the names",
                     unmatched.front());
  StatisticsMap statistics;
  if (samples != nullptr) {
    PARE_ASSIGN(statistics, calibrate(deployed, *samples, {.threads = options.train.threads}));
  }
  PARE_ASSIGN(const QuantPlan plan, make_plan(deployed, statistics, config));
  if (samples != nullptr && has_few_bits(config))
    PARE_TRY(fit_rounding(network, deployed, plan, {}, *samples, options.train.threads, {}));
  return insert_fake_quantization(network, deployed, plan, config, options.ranges);
}

Expected<TrainOptions> training_of(const Model& model, const DataSet& set, const QatOptions& options) {
  TrainOptions training = options.train;
  training.settings = settings_of(options);
  training.keep.clear();  // the form has it
  training.freeze_statistics = options.freeze_statistics.value_or(has_few_bits(options.quantization) ? 0.8 : 0);
  PARE_ASSIGN(const bool labelled, has_targets(set));
  training.distillation.use_targets = options.use_labels && labelled;
  if (!training.distillation.use_targets || !training.distillation.features.empty()) training.teacher = &model;
  return training;
}

// The integers of the form, whose biases become what these can store.
Expected<QuantizeResult> settled(Model& form, const SampleSource* samples, const QatOptions& options) {
  const QuantizeOptions as_trained{.config = options.quantization, .threads = options.train.threads};
  PARE_ASSIGN(const QuantizeResult unsettled, quantize(form, samples, as_trained));
  settle_biases(form.main(), unsettled.baseline.main(), unsettled.plan);
  return quantize(form, samples, as_trained);
}

}  // namespace

Expected<QatResult> qat(const Model& model, const DataSet& set, const QatOptions& options,
                        const TrainObserver& observer) {
  if (options.quantization.per_tensor)
    return usage_error("quantisation-aware training has one scale a channel of the weights; leave out --per-tensor");
  QatResult result;
  PARE_ASSIGN(result.form, trainable(model, options));
  std::optional<SampleSource> samples;
  if (needs_calibration(options.quantization.mode)) {
    PARE_ASSIGN(samples, calibration_source(result.form.main(), set, options.calibration_samples));
    result.calibration_samples = samples->count;
  }
  const SampleSource* seen = samples ? &*samples : nullptr;
  PARE_TRY(round(result.form.main(), seen, options));
  PARE_ASSIGN(const TrainOptions training, training_of(model, set, options));
  PARE_ASSIGN(result.training, train(result.form, set, training, observer));
  result.form = std::move(result.training.model);
  PARE_ASSIGN(result.quantized, settled(result.form, seen, options));
  return result;
}

}  // namespace pare
