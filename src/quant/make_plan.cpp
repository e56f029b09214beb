#include "quant/make_plan.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <unordered_map>

#include "quant/channels.h"
#include "quant/choose_precision.h"
#include "quant/glob.h"
#include "quant/roles.h"
#include "quant/same_scale.h"

namespace pare {
namespace {

Expected<void> check_bits(std::string_view what, int bits) {
  if (bits >= 2 && bits <= 8) return {};
  return usage_error("{} bits were asked for {}, 2 to 8 were expected", bits, what);
}

Expected<void> check_config(const QuantConfig& config) {
  const bool integer = needs_calibration(config.mode);
  const bool wide = config.mode == QuantMode::Int16x8;
  const bool allowed = config.io == DType::Float32 ||
                       (integer && !wide && (config.io == DType::Int8 || config.io == DType::UInt8)) ||
                       (wide && config.io == DType::Int16);
  if (!allowed)
    return usage_error("inputs and outputs of type {} do not go with the mode {}; {} expected", to_string(config.io),
                       to_string(config.mode),
                       !integer ? "f32 was"
                       : wide   ? "f32 or i16 were"
                                : "f32, i8 or u8 were");
  PARE_TRY(check_bits("weights", config.weight_bits));
  if (!wide) PARE_TRY(check_bits("activations", config.activation_bits));
  for (const LayerBits& layer : config.layers) {
    if (layer.weights != 0) PARE_TRY(check_bits("weights", layer.weights));
    if (layer.activations != 0) PARE_TRY(check_bits("activations", layer.activations));
  }
  if (config.scale_bits < kFewestScaleBits || config.scale_bits > kFloatBits)
    return usage_error("scales of {} significant bits were asked for, {} to {} were expected", config.scale_bits,
                       kFewestScaleBits, kFloatBits);
  for (const FixedRange& fixed : config.fixed)
    if (!(fixed.range.lowest < fixed.range.highest))
      return usage_error("the range of '{}' is {} to {}; its ends must grow", fixed.pattern, fixed.range.lowest,
                         fixed.range.highest);
  if (config.range.percentile <= 0 || config.range.percentile > 100)
    return usage_error("a percentile of {} was given, a number above 0 and up to 100 was expected",
                       config.range.percentile);
  return {};
}

Expected<void> check_graph(const Graph& graph) {
  for (const auto& value : graph.values()) {
    if (value->type.is_quantized())
      return unsupported("tensor '{}' is quantised already ({}); a float model was expected", value->name,
                         to_string(value->type));
    if (!value->is_constant() || value->type.dtype != DType::Float32) continue;
    for (const float element : value->data->values<float>())
      if (std::isnan(element)) return bad_input("tensor '{}' holds NaN; finite weights were expected", value->name);
  }
  return {};
}

// A channel without a code other than 0 takes any scale.
Quantization scales_of(const Tensor& weights, int axis, const KnownWeights& known) {
  std::vector<float> scales = channel_magnitudes(weights, axis);
  for (size_t c = 0; c < scales.size(); ++c)
    scales[c] = known.largest_codes[c] > 0 ? scales[c] / known.largest_codes[c] : weight_scale(0, known.bits);
  return Quantization::per_axis(std::move(scales), axis);
}

void round_scales(Quantization& parameters, int bits) {
  if (bits < kFloatBits)
    for (float& scale : parameters.scales) scale = rounded_scale(scale, bits);
}

// In 4 bits and fewer two codes share a byte, where the runtimes have kernels for that.
Storage weight_storage(const Node& node, const QuantConfig& config, const KnownParameters& known) {
  const QuantRule& rule = node.op().quantization;
  const Tensor& weights = *node.operand(*roles_of(node).weights)->data;
  const auto found = known.weights.find(key_of(node));
  const bool is_known = found != known.weights.end();
  const int bits = is_known ? found->second.bits : weight_bits_of(config, node.name);
  const bool packed = bits <= 4 && rule.int4_weights && config.mode != QuantMode::Int16x8;
  Quantization parameters = is_known ? scales_of(weights, rule.weights_axis, found->second)
                                     : weight_parameters(weights, rule.weights_axis, config.per_tensor, bits);
  round_scales(parameters, config.scale_bits);
  return {packed ? DType::Int4 : DType::Int8, std::move(parameters), bits};
}

class Planner {
 public:
  Planner(const Graph& graph, const StatisticsMap& statistics, const QuantConfig& config, const KnownParameters& known,
          QuantPlan& plan)
      : graph_(graph),
        statistics_(statistics),
        config_(config),
        known_(known),
        plan_(plan),
        type_(activation_type(config.mode)),
        classes_(graph, plan.nodes, type_) {}

  Expected<void> plan_integer() {
    PARE_TRY(collect_ranges());
    choose_activations();
    for (const auto& node : graph_.nodes())
      if (plan_.of(*node).precision == Precision::Integer) PARE_TRY(plan_weights_and_bias(*node));
    return {};
  }

 private:
  // The union of what the members of each class need.
  Expected<void> collect_ranges() {
    find_multiplied();
    for (const auto& node : graph_.nodes()) {
      if (plan_.of(*node).precision != Precision::Integer) continue;
      const NodeRoles roles = roles_of(*node);
      for (const size_t i : roles.activations) PARE_TRY(add_range(node->operand(i)));
      for (const size_t i : roles.results) PARE_TRY(add_range(node->result(i)));
    }
    if (config_.io == DType::Float32) return {};
    for (const auto* ends : {&graph_.inputs, &graph_.outputs})
      for (const Value* value : *ends)
        if (value->type.dtype == DType::Float32 && !value->is_constant()) PARE_TRY(add_range(value));
    return {};
  }

  Expected<void> add_range(const Value* value) {
    if (!seen_.insert(value).second) return {};
    members_.push_back(value);
    const Value* representative = classes_.representative(value);
    if (const auto found = known_.activations.find(value->name); found != known_.activations.end()) {
      known_classes_.emplace(representative, found->second);
      return {};
    }
    int& bits = bits_[representative];
    bits = std::max(bits, activation_bits(*value));
    Range range;
    if (const Range* fixed = fixed_range(*value)) {
      fixed_classes_.emplace(representative, *fixed);
      return {};
    }
    if (value->is_constant()) {
      range = finite_range(value->data->values<float>());
    } else {
      const auto found = statistics_.find(value->name);
      if (found == statistics_.end())
        return bad_input("calibration saw nothing of tensor '{}'; statistics of every float tensor were expected",
                         value->name);
      RangeOptions options = config_.range;
      options.levels = type_ == DType::Int16 ? 65535 : int64_t{1} << activation_bits(*value);
      range = estimate_range(found->second, options);
    }
    const auto [at, is_new] = ranges_.emplace(representative, range);
    if (!is_new) at->second = at->second.united(range);
    return {};
  }

  void choose_activations() {
    for (const Value* value : members_) plan_.values[value->name] = storage_of(value);
    for (const auto& each : classes_.requantized())
      plan_.requantized[{key_of(*each.node), each.operand}] = storage_of(each.as);
  }

  Storage storage_of(const Value* value) const {
    if (const auto fixed = classes_.fixed(value))
      return {type_, Quantization::per_tensor(fixed->scale, fixed->zero_point)};
    Storage storage = chosen_storage(value);
    round_scales(*storage.quantization, config_.scale_bits);
    return storage;
  }

  Storage chosen_storage(const Value* value) const {
    const Value* representative = classes_.representative(value);
    if (const auto known = known_classes_.find(representative); known != known_classes_.end()) return known->second;
    const int bits = bits_.at(representative);
    const auto fixed = fixed_classes_.find(representative);
    const Range range = fixed != fixed_classes_.end() ? fixed->second : ranges_.at(representative);
    return {type_, activation_parameters(range, type_, bits), bits};
  }

  // Of the operator that makes the value; an input goes by its own name. Few bits are for what is multiplied with weights: sums and
  // results gain nothing from them.
  int activation_bits(const Value& value) const {
    if (type_ == DType::Int16) return 16;
    const int asked = bits_asked_of(config_, value.producer != nullptr ? value.producer->name : value.name).activations;
    if (asked != 0) return asked;
    return multiplied_.contains(classes_.representative(&value)) ? config_.activation_bits : 8;
  }

  // Means fall between the few codes of what they are taken from, so that they are not among these.
  void find_multiplied() {
    for (const auto& node : graph_.nodes()) {
      const NodeRoles roles = roles_of(*node);
      if (roles.weights && !roles.activations.empty()) multiplied_.insert(classes_.representative(roles.source(*node)));
    }
    for (const auto& node : graph_.nodes())
      if (node->op().quantization.halves_away) multiplied_.erase(classes_.representative(node->result()));
  }

  const Range* fixed_range(const Value& value) const {
    for (auto fixed = config_.fixed.rbegin(); fixed != config_.fixed.rend(); ++fixed)
      if (matches_glob(fixed->pattern, value.name)) return &fixed->range;
    return nullptr;
  }

  Expected<void> plan_weights_and_bias(const Node& node) {
    const NodeRoles roles = roles_of(node);
    if (!roles.weights) return {};
    const Value& weights = *node.operand(*roles.weights);
    for (const float element : weights.data->values<float>())
      if (!std::isfinite(element))
        return bad_input("tensor '{}' holds an infinite weight; finite weights were expected", weights.name);
    Storage storage = weight_storage(node, config_, known_);
    if (roles.bias) {
      const float source_scale = plan_.of(*roles.source(node))->quantization->scale();
      plan_bias(*node.operand(*roles.bias), source_scale, *storage.quantization);
    }
    plan_.values[weights.name] = std::move(storage);
    return {};
  }

  // Raises weight scales where the bias would overflow, then derives the bias's own.
  void plan_bias(const Value& bias, float source_scale, Quantization& weights) {
    const DType storage = type_ == DType::Int16 ? DType::Int64 : DType::Int32;
    const auto reals = bias.data->values<float>();
    for (size_t c = 0; c < reals.size(); ++c) {
      float& scale = weights.scales[weights.is_per_tensor() ? 0 : c];
      scale = weight_scale_for_bias(scale, source_scale, reals[c], storage);
    }
    Quantization parameters = weights;
    for (float& scale : parameters.scales) scale *= source_scale;
    parameters.axis = 0;
    plan_.values[bias.name] = {storage, std::move(parameters)};
  }

  const Graph& graph_;
  const StatisticsMap& statistics_;
  const QuantConfig& config_;
  const KnownParameters& known_;
  QuantPlan& plan_;
  DType type_;
  SameScaleClasses classes_;
  std::set<const Value*> seen_;
  std::vector<const Value*> members_;               // in the order of the graph
  std::unordered_map<const Value*, Range> ranges_;  // by the representative of a class
  std::unordered_map<const Value*, int> bits_;      // likewise
  std::set<const Value*> multiplied_;               // representatives of classes that weights are multiplied with
  std::unordered_map<const Value*, Range> fixed_classes_;
  std::unordered_map<const Value*, Storage> known_classes_;
};

// Modes that store weights smaller and leave the activations float.
void plan_stored_weights(const Graph& graph, const QuantConfig& config, const KnownParameters& known, QuantPlan& plan) {
  for (const auto& node : graph.nodes()) {
    const Precision precision = plan.of(*node).precision;
    if (precision != Precision::Hybrid && precision != Precision::WeightOnly) continue;
    if (config.mode == QuantMode::Fp16) {
      for (const Value* operand : node->operands)
        if (operand != nullptr && operand->is_constant() && operand->type.dtype == DType::Float32)
          plan.values[operand->name] = {DType::Float16, std::nullopt};
      continue;
    }
    plan.values[node->operand(*roles_of(*node).weights)->name] = weight_storage(*node, config, known);
  }
}

}  // namespace

void round_known_scales(Graph& graph, const QuantConfig& config, const KnownParameters& known) {
  if (config.scale_bits >= kFloatBits) return;
  for (const auto& node : graph.nodes()) {
    const auto found = known.weights.find(key_of(*node));
    if (found == known.weights.end()) continue;
    Tensor& weights = *node->operand(*roles_of(*node).weights)->data;
    const int axis = node->op().quantization.weights_axis;
    const Quantization was = scales_of(weights, axis, found->second);
    Quantization rounded = was;
    round_scales(rounded, config.scale_bits);
    const auto values = weights.mutable_values<float>();
    for_each_run(weights.shape(), axis, [&](size_t channel, size_t first, size_t count) {
      const float factor = rounded.scales[channel] / was.scales[channel];
      for (float& value : values.subspan(first, count)) value *= factor;
    });
  }
}

float weight_scale_for_bias(float weight, float source_scale, float bias, DType bias_type) {
  // int32: half the range, as the TFLite converter does, so that sums of products fit beside it. int64: the reference kernels'
  // accumulators hold 48 bits.
  const double limit =
      bias_type == DType::Int32 ? std::numeric_limits<int32_t>::max() / 2 : static_cast<double>(int64_t{1} << 46);
  const double magnitude = std::fabs(static_cast<double>(bias));
  if (magnitude / (static_cast<double>(source_scale) * weight) <= limit) return weight;
  return static_cast<float>(magnitude / (source_scale * limit) * (1 + 1e-6));  // rounding to float must not fall below
}

Expected<QuantPlan> make_plan(const Graph& graph, const StatisticsMap& statistics, const QuantConfig& config,
                              const KnownParameters& known) {
  PARE_TRY(check_config(config));
  PARE_TRY(check_graph(graph));
  QuantPlan plan;
  plan.mode = config.mode;
  plan.io = config.io;
  PARE_ASSIGN(plan.nodes, choose_precision(graph, config));
  if (needs_calibration(config.mode))
    PARE_TRY(Planner(graph, statistics, config, known, plan).plan_integer());
  else
    plan_stored_weights(graph, config, known, plan);
  return plan;
}

}  // namespace pare
