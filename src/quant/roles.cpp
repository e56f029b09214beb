#include "quant/roles.h"

namespace pare {
namespace {

bool is_real(const Value* value) { return value != nullptr && value->type.dtype == DType::Float32; }

}  // namespace

NodeRoles roles_of(const Node& node) {
  const QuantRule& rule = node.op().quantization;
  NodeRoles roles;
  const auto position = [&](int operand) -> std::optional<size_t> {
    if (operand < 0 || !is_real(node.operand(static_cast<size_t>(operand)))) return std::nullopt;
    return static_cast<size_t>(operand);
  };
  roles.weights = position(rule.weights);
  roles.bias = position(rule.bias);
  if (rule.activations.empty()) {
    for (size_t i = 0; i < node.operands.size(); ++i)
      if (is_real(node.operands[i]) && i != roles.weights && i != roles.bias) roles.activations.push_back(i);
  }
  for (const int operand : rule.activations)
    if (const auto at = position(operand)) roles.activations.push_back(*at);
  if (rule.scales != QuantRule::Scales::PlainOutput)
    for (size_t i = 0; i < node.results.size(); ++i)
      if (is_real(node.results[i])) roles.results.push_back(i);
  return roles;
}

bool shares_scales(const QuantRule& rule, DType activations) {
  return rule.scales == QuantRule::Scales::Same || (activations == DType::Int16 && rule.int8_free_int16_same);
}

const std::optional<QuantRule::Fixed>& fixed_output(const QuantRule& rule, DType activations) {
  static const std::optional<QuantRule::Fixed> none;
  if (rule.scales != QuantRule::Scales::FixedOutput) return none;
  return activations == DType::Int16 ? rule.fixed_int16 : rule.fixed_int8;
}

}  // namespace pare
