#include "passes/output_affine.h"

#include "passes/affine_node.h"
#include "passes/rewrite.h"

namespace pare {
namespace {

constexpr size_t kMean = 3;  // operand of batch_normalization

// The normalisation that alone reads the node.
Node* normalization_behind(const Graph& graph, const Node& node) {
  Node* reader = only_reader(graph, node.result());
  const bool follows = reader != nullptr && reader->is("batch_normalization") && reader->operand(0) == node.result();
  return follows ? reader : nullptr;
}

bool is_activated(const Node& node) { return fused_activation(node).value_or(Activation::None) != Activation::None; }

}  // namespace

std::optional<std::vector<float>> output_scale(const Graph& graph, const Node& node) {
  return is_activated(node) ? std::nullopt : result_scale(graph, node);
}

std::optional<std::vector<float>> result_scale(const Graph& graph, const Node& node) {
  const Node* normalization = normalization_behind(graph, node);
  if (normalization == nullptr) return {};
  const auto affine = batch_normalization_affine(*normalization);
  return affine ? std::optional(affine->scale) : std::nullopt;
}

const Value* added_to_output(const Graph& graph, const Node& node) {
  if (is_activated(node)) return nullptr;
  const Node* normalization = normalization_behind(graph, node);
  const Value* output = normalization == nullptr ? node.result() : normalization->result();
  const Node* reader = only_reader(graph, output);
  if (reader == nullptr || !reader->is("add")) return nullptr;
  const Value* other = reader->operand(reader->operand(0) == output ? 1 : 0);
  return other != output && !other->is_constant() && other->type.shape == output->type.shape ? other : nullptr;
}

std::optional<OutputShift> output_shift(const Graph& graph, Node& node) {
  const int bias = node.op().quantization.bias;
  if (bias >= 0 && is_float_constant(node.operand(static_cast<size_t>(bias))))
    return OutputShift{&node, static_cast<size_t>(bias), 1};
  Node* normalization = is_activated(node) ? nullptr : normalization_behind(graph, node);
  if (normalization != nullptr && is_float_constant(normalization->operand(kMean)))
    return OutputShift{normalization, kMean, -1};
  return {};
}

void shift_output(Graph& graph, const OutputShift& shift, const std::vector<double>& by) {
  Value* constant = shift.constant();
  if (graph.use_count(constant) > 1) {
    constant = graph.add_constant(constant->name + "/shifted", *constant->data);
    shift.owner->operands[shift.operand] = constant;
  }
  const auto values = constant->data->mutable_values<float>();
  for (size_t c = 0; c < values.size(); ++c) values[c] = static_cast<float>(values[c] + shift.sign * by[c % by.size()]);
}

}  // namespace pare
