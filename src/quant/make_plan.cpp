#include "quant/make_plan.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <unordered_map>

#include "quant/choose_precision.h"
#include "quant/roles.h"
#include "quant/same_scale.h"

namespace pare {
namespace {

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

class Planner {
 public:
  Planner(const Graph& graph, const StatisticsMap& statistics, const QuantConfig& config, QuantPlan& plan)
      : graph_(graph),
        statistics_(statistics),
        config_(config),
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
    Range range;
    if (value->is_constant()) {
      range = finite_range(value->data->values<float>());
    } else {
      const auto found = statistics_.find(value->name);
      if (found == statistics_.end())
        return bad_input("calibration saw nothing of tensor '{}'; statistics of every float tensor were expected",
                         value->name);
      RangeOptions options = config_.range;
      options.levels = type_ == DType::Int16 ? 65535 : 256;
      range = estimate_range(found->second, options);
    }
    const auto [at, is_new] = ranges_.emplace(classes_.representative(value), range);
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
    return {type_, activation_parameters(ranges_.at(classes_.representative(value)), type_)};
  }

  Expected<void> plan_weights_and_bias(const Node& node) {
    const NodeRoles roles = roles_of(node);
    if (!roles.weights) return {};
    const QuantRule& rule = node.op().quantization;
    const Value& weights = *node.operand(*roles.weights);
    for (const float element : weights.data->values<float>())
      if (!std::isfinite(element))
        return bad_input("tensor '{}' holds an infinite weight; finite weights were expected", weights.name);
    Quantization parameters = weight_parameters(*weights.data, rule.weights_axis, config_.per_tensor);
    if (roles.bias) {
      const float source_scale = plan_.of(*roles.source(node))->quantization->scale();
      plan_bias(*node.operand(*roles.bias), source_scale, parameters);
    }
    plan_.values[weights.name] = {DType::Int8, std::move(parameters)};
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
  QuantPlan& plan_;
  DType type_;
  SameScaleClasses classes_;
  std::set<const Value*> seen_;
  std::vector<const Value*> members_;  // in the order of the graph
  std::unordered_map<const Value*, Range> ranges_;
};

// Modes that store weights smaller and leave the activations float.
void plan_stored_weights(const Graph& graph, const QuantConfig& config, QuantPlan& plan) {
  for (const auto& node : graph.nodes()) {
    const Precision precision = plan.of(*node).precision;
    if (precision != Precision::Hybrid && precision != Precision::WeightOnly) continue;
    if (config.mode == QuantMode::Fp16) {
      for (const Value* operand : node->operands)
        if (operand != nullptr && operand->is_constant() && operand->type.dtype == DType::Float32)
          plan.values[operand->name] = {DType::Float16, std::nullopt};
      continue;
    }
    const Value& weights = *node->operand(*roles_of(*node).weights);
    plan.values[weights.name] = {
        DType::Int8, weight_parameters(*weights.data, node->op().quantization.weights_axis, config.per_tensor)};
  }
}

}  // namespace

float weight_scale_for_bias(float weight, float source_scale, float bias, DType bias_type) {
  // int32: half the range, as the TFLite converter does, so that sums of products fit beside it. int64: the reference kernels'
  // accumulators hold 48 bits.
  const double limit =
      bias_type == DType::Int32 ? std::numeric_limits<int32_t>::max() / 2 : static_cast<double>(int64_t{1} << 46);
  const double magnitude = std::fabs(static_cast<double>(bias));
  if (magnitude / (static_cast<double>(source_scale) * weight) <= limit) return weight;
  return static_cast<float>(magnitude / (source_scale * limit) * (1 + 1e-6));  // rounding to float must not fall below
}

Expected<QuantPlan> make_plan(const Graph& graph, const StatisticsMap& statistics, const QuantConfig& config) {
  PARE_TRY(check_config(config));
  PARE_TRY(check_graph(graph));
  QuantPlan plan;
  plan.mode = config.mode;
  plan.io = config.io;
  PARE_ASSIGN(plan.nodes, choose_precision(graph, config));
  if (needs_calibration(config.mode))
    PARE_TRY(Planner(graph, statistics, config, plan).plan_integer());
  else
    plan_stored_weights(graph, config, plan);
  return plan;
}

}  // namespace pare
