#include "passes/weighted.h"

#include "passes/rewrite.h"

namespace pare {
namespace {

// Puts a new constant in an operand's place, under the old one's name where nobody else reads that.
void replace_constant(Graph& graph, Value*& operand, std::string name, Tensor data) {
  Value* old = operand;
  operand = nullptr;
  if (old != nullptr) name = old->name;
  if (old != nullptr && graph.use_count(old) == 0) graph.erase(old);
  operand = graph.add_constant(std::move(name), std::move(data));
}

}  // namespace

std::optional<WeightedNode> as_weighted(Node* node) {
  const QuantRule& rule = node->op().quantization;
  if (rule.weights < 0 || rule.bias < 0) return std::nullopt;
  const WeightedNode weighted{node, static_cast<size_t>(rule.weights), static_cast<size_t>(rule.bias),
                              rule.weights_axis};
  if (!is_float_constant(node->operand(weighted.weights))) return std::nullopt;
  const Value* bias = node->operand(weighted.bias);
  if (bias != nullptr && !is_float_constant(bias)) return std::nullopt;
  return weighted;
}

std::vector<float> bias_of(const WeightedNode& weighted) {
  const Value* bias = weighted.node->operand(weighted.bias);
  if (bias == nullptr) return std::vector<float>(static_cast<size_t>(weighted.channels()), 0.f);
  return to_floats(*bias->data);
}

void set_bias(Graph& graph, const WeightedNode& weighted, std::vector<float> bias) {
  std::vector<Value*>& operands = weighted.node->operands;
  if (operands.size() <= weighted.bias) operands.resize(weighted.bias + 1, nullptr);
  replace_constant(graph, operands[weighted.bias], weighted.node->result()->name + "/bias", Tensor::vector(bias));
}

void set_weights(Graph& graph, const WeightedNode& weighted, Tensor weights) {
  replace_constant(graph, weighted.node->operands[weighted.weights], {}, std::move(weights));
}

void scale_output(Graph& graph, const WeightedNode& weighted, std::span<const float> scale,
                  std::span<const float> shift) {
  Tensor weights = *weighted.node->operand(weighted.weights)->data;
  const Shape shape = weights.shape();
  const auto inner = static_cast<size_t>(shape.elements(weighted.axis + 1, shape.rank()));
  const auto values = weights.mutable_values<float>();
  for (size_t i = 0; i < values.size(); ++i) values[i] *= scale[i / inner % scale.size()];
  std::vector<float> bias = bias_of(weighted);
  for (size_t c = 0; c < bias.size(); ++c) bias[c] = bias[c] * scale[c] + shift[c];
  set_weights(graph, weighted, std::move(weights));
  set_bias(graph, weighted, std::move(bias));
}

}  // namespace pare
