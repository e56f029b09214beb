// The opposite of fuse_activation: a fused activation becomes an operator of its own, whose gradient has a rule of its own.
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace pare {
namespace {

std::string_view op_of(Activation activation) {
  switch (activation) {
    case Activation::None: return "";
    case Activation::Relu: return "relu";
    case Activation::ReluN1To1: return "relu_n1_to_1";
    case Activation::Relu6: return "relu6";
    case Activation::Tanh: return "tanh";
  }
  return "";
}

}  // namespace

Expected<size_t> split_activations(Graph& graph, const Evaluator&) {
  size_t split = 0;
  for (size_t i = 0; i < graph.nodes().size(); ++i) {
    Node* node = graph.nodes()[i].get();
    const std::optional<Activation> activation = fused_activation(*node);
    if (!activation || *activation == Activation::None) continue;
    Value* plain = node->result();
    const std::string name = plain->name;
    graph.rename(plain, name + "/linear");
    const OpDef& op = *find_op(op_of(*activation));
    PARE_ASSIGN(Node * clipped, graph.append(op, op.attributes, {plain}, {name}));
    graph.replace_uses(plain, clipped->result());
    clipped->operands[0] = plain;
    if (i + 2 < graph.nodes().size()) graph.move_last_before(graph.nodes()[i + 1].get());
    set_activation(*node, Activation::None);
    ++split;
  }
  return split;
}

}  // namespace pare
