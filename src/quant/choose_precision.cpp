#include "quant/choose_precision.h"

#include <algorithm>

#include "quant/glob.h"
#include "quant/roles.h"

namespace pare {
namespace {

using Scales = QuantRule::Scales;

constexpr std::string_view kTryFloat = "use a mode with float fallback";

bool touches_reals(const Node& node) {
  const auto real = [](const Value* value) { return value != nullptr && is_float(value->type.dtype); };
  return std::any_of(node.operands.begin(), node.operands.end(), real) ||
         std::any_of(node.results.begin(), node.results.end(), real);
}

// Why the user's patterns keep the node float; empty when they do not.
std::string excluded_by(const Node& node, const QuantConfig& config) {
  for (const std::string& pattern : config.exclude)
    if (matches_glob(pattern, node.name)) return fmt::format("excluded by '{}'", pattern);
  const auto matches = [&](const std::string& pattern) { return matches_glob(pattern, node.name); };
  if (!config.include.empty() && std::none_of(config.include.begin(), config.include.end(), matches))
    return "not among the included names";
  return {};
}

NodePlan stays_float(std::string reason, std::string remedy = {}) {
  return {Precision::Float, std::move(reason), std::move(remedy)};
}

NodePlan plan_integer(const Node& node, const QuantConfig& config) {
  const QuantRule& rule = node.op().quantization;
  const std::string_view name = node.op().name;
  const bool wide = activation_type(config.mode) == DType::Int16;
  if (rule.scales == Scales::Unsupported)
    return stays_float(rule.reason.empty() ? fmt::format("{} has no integer form", name) : std::string(rule.reason));
  if (rule.scales == Scales::Border) return stays_float("it converts between number systems itself");
  if (wide && !rule.int16)
    return stays_float(fmt::format("{} has no form with 16-bit activations", name), "quantise to int8");
  const NodeRoles roles = roles_of(node);
  if (roles.activations.empty()) return stays_float("none of its operands is a float tensor");
  for (const auto& [position, what] : {std::pair{roles.weights, "weights"}, std::pair{roles.bias, "bias"}})
    if (position && !node.operand(*position)->is_constant())
      return stays_float(fmt::format("its {} are computed while running", what),
                         "fold the constants they are computed from");
  return {Precision::Integer, wide ? "int16 activations" : "int8", {}};
}

NodePlan plan_weights(const Node& node, const QuantConfig& config) {
  const QuantRule& rule = node.op().quantization;
  const NodeRoles roles = roles_of(node);
  const Value* weights = roles.weights ? node.operand(*roles.weights) : nullptr;
  if (config.mode == QuantMode::Fp16) {
    const bool any = std::any_of(node.operands.begin(), node.operands.end(), [](const Value* v) {
      return v != nullptr && v->is_constant() && v->type.dtype == DType::Float32;
    });
    return any ? NodePlan{Precision::WeightOnly, "constants in half precision", {}}
               : stays_float("it has no float constants");
  }
  if (weights == nullptr) return stays_float(fmt::format("{} has no weights", node.op().name));
  if (!weights->is_constant()) return stays_float("its weights are computed while running");
  if (const int64_t count = weights->data->elements(); count < config.smallest_weights)
    return stays_float(fmt::format("{} weights are fewer than {}", count, config.smallest_weights));
  if (config.mode == QuantMode::Dynamic && rule.dynamic_range)
    return {Precision::Hybrid, "int8 weights, activations quantised while running", {}};
  if (rule.weight_only) return {Precision::WeightOnly, "int8 weights, restored to float before use", {}};
  return stays_float(fmt::format("{} takes no stored int8 weights", node.op().name));
}

// A node that only moves data between float neighbours gains nothing from a detour through integers.
bool is_surrounded_by_float(const Graph& graph, const Node& node, const std::map<std::string, NodePlan>& plans) {
  const auto integer = [&](const Node* other) {
    return other != nullptr && plans.at(key_of(*other)).precision == Precision::Integer;
  };
  for (const Value* operand : node.operands)
    if (operand != nullptr && !operand->is_constant() && integer(operand->producer)) return false;
  for (const Value* result : node.results)
    for (const Use& use : graph.uses(result))
      if (integer(use.node)) return false;
  return true;
}

void release_surrounded(const Graph& graph, std::map<std::string, NodePlan>& plans) {
  for (bool changed = true; changed;) {
    changed = false;
    for (const auto& node : graph.nodes()) {
      NodePlan& plan = plans.at(key_of(*node));
      if (plan.precision != Precision::Integer || !node->op().traits.moves_data ||
          !is_surrounded_by_float(graph, *node, plans))
        continue;
      const bool at_border =
          std::any_of(node->operands.begin(), node->operands.end(),
                      [&](const Value* v) { return v != nullptr && graph.is_input(v); }) ||
          std::any_of(node->results.begin(), node->results.end(), [&](const Value* v) { return graph.is_output(v); });
      if (at_border) continue;
      plan = stays_float("it moves data between operators that stay float");
      changed = true;
    }
  }
}

Expected<void> refuse_blockers(const Graph& graph, const std::map<std::string, NodePlan>& plans) {
  std::string blockers;
  for (const auto& node : graph.nodes())
    if (const NodePlan& plan = plans.at(key_of(*node)); plan.precision == Precision::Float)
      blockers += fmt::format("{}{} ({})", blockers.empty() ? "" : "; ", describe(*node), plan.reason);
  if (blockers.empty()) return {};
  return unsupported("these operators cannot be computed in integers: {}; {}", blockers, kTryFloat);
}

}  // namespace

Expected<std::map<std::string, NodePlan>> choose_precision(const Graph& graph, const QuantConfig& config) {
  std::map<std::string, NodePlan> plans;
  for (const auto& node : graph.nodes()) {
    NodePlan plan;
    if (!touches_reals(*node))
      plan = {Precision::Untouched, "it works on no real numbers", {}};
    else if (std::string reason = excluded_by(*node, config); !reason.empty())
      plan = stays_float(std::move(reason));
    else
      plan = needs_calibration(config.mode) ? plan_integer(*node, config) : plan_weights(*node, config);
    plans.emplace(key_of(*node), std::move(plan));
  }
  if (needs_calibration(config.mode) && config.mode != QuantMode::Int8Only) release_surrounded(graph, plans);
  if (config.mode == QuantMode::Int8Only) PARE_TRY(refuse_blockers(graph, plans));
  return plans;
}

std::vector<std::string> unmatched_patterns(const Graph& graph, const QuantConfig& config) {
  std::vector<std::string> unmatched;
  const auto matches_any = [](const std::string& pattern, const auto& named) {
    return std::any_of(named.begin(), named.end(), [&](const auto& each) { return matches_glob(pattern, each->name); });
  };
  for (const auto* patterns : {&config.include, &config.exclude})
    for (const std::string& pattern : *patterns)
      if (!matches_any(pattern, graph.nodes())) unmatched.push_back(pattern);
  for (const LayerBits& layer : config.layers)
    if (!matches_any(layer.pattern, graph.nodes()) && !matches_any(layer.pattern, graph.inputs))
      unmatched.push_back(layer.pattern);
  for (const FixedRange& range : config.fixed)
    if (!matches_any(range.pattern, graph.values())) unmatched.push_back(range.pattern);
  return unmatched;
}

}  // namespace pare
