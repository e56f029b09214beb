#include "quant/same_scale.h"

#include "quant/roles.h"

namespace pare {

const Value* SameScaleClasses::representative(const Value* value) const {
  const auto found = parent_.find(value);
  if (found == parent_.end() || found->second == value) return value;
  return found->second = representative(found->second);
}

std::optional<QuantRule::Fixed> SameScaleClasses::fixed(const Value* value) const {
  const auto found = fixed_.find(representative(value));
  return found == fixed_.end() ? std::nullopt : std::optional(found->second);
}

void SameScaleClasses::join(const Value* a, const Value* b) {
  a = representative(a);
  b = representative(b);
  if (a != b) parent_[b] = a;
}

void SameScaleClasses::join_node(const Node& node) {
  const NodeRoles roles = roles_of(node);
  if (roles.results.empty()) return;
  const Value* result = node.result(roles.results.front());
  for (const size_t i : roles.results) join(result, node.result(i));
  // Alone, a fixed operand hands its parameters on. Beside others its range may be too narrow for them.
  const auto alike = [&](const std::optional<QuantRule::Fixed>& fixed) {
    for (const size_t i : roles.activations) {
      const auto other = this->fixed(node.operand(i));
      if (!other || other->scale != fixed->scale || other->zero_point != fixed->zero_point) return false;
    }
    return true;
  };
  for (const size_t i : roles.activations) {
    const Value* operand = node.operand(i);
    const auto fixed_parameters = fixed(operand);
    if (!fixed_parameters) {
      join(operand, result);
    } else if (alike(fixed_parameters)) {
      join(operand, result);
      fixed_.insert_or_assign(representative(operand), *fixed_parameters);
    } else {
      requantized_.push_back({&node, i, result});
    }
  }
}

SameScaleClasses::SameScaleClasses(const Graph& graph, const std::map<std::string, NodePlan>& nodes,
                                   DType activations) {
  // In topological order the class of an operand is known as far as its producers fix it.
  for (const auto& node : graph.nodes()) {
    if (nodes.at(key_of(*node)).precision != Precision::Integer) continue;
    const QuantRule& rule = node->op().quantization;
    if (const auto& fixed = fixed_output(rule, activations))
      for (const Value* result : node->results) fixed_.emplace(result, *fixed);
    else if (shares_scales(rule, activations))
      join_node(*node);
  }
}

}  // namespace pare
