// relu, relu6 and relu_n1_to_1 become the `activation` of the operator in front. Only operators whose results have a scale of their
// own take one: clipping then narrows the range that is quantised.
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace pare {
namespace {

std::optional<Activation> clipping(const Node& node) {
  const auto activation = parse_enum<Activation>(node.op().name);
  if (!activation || *activation == Activation::None || *activation == Activation::Tanh) return std::nullopt;
  return activation;
}

bool fuses(Graph& graph, Node* node) {
  const auto activation = clipping(*node);
  if (!activation) return false;
  Node* producer = private_producer(graph, node->operand(0));
  if (producer == nullptr || producer->results.size() != 1) return false;
  if (producer->op().quantization.scales != QuantRule::Scales::Free || fused_activation(*producer) != Activation::None)
    return false;
  // Between quantised values of different parameters the activation also requantises; the integers would not stay the same.
  if (producer->result()->type.quantization != node->result()->type.quantization) return false;
  set_activation(*producer, *activation);
  absorb(graph, producer, node);
  return true;
}

}  // namespace

Expected<size_t> fuse_activation(Graph& graph, const Evaluator&) { return rewrite_nodes(graph, fuses); }

}  // namespace pare
