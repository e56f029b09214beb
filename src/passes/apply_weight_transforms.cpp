// Masks, codebooks and roundings that constant weights go through in training become part of the weights, which stay the constant that they
// are where nothing reads them otherwise.
#include <algorithm>

#include "passes/passes.h"

namespace pare {
namespace {

bool is_ready(const Node& node) {
  if (node.op().traits.weight_transform == WeightTransform::None) return false;
  for (const Value* operand : node.operands)
    if (operand != nullptr && !operand->is_constant()) return false;
  return true;
}

// Every reader of the weights where all of them read the same of them; else the node alone.
std::vector<Node*> twins_of(const Graph& graph, Node* node) {
  std::vector<Node*> twins;
  for (const Use& use : graph.uses(node->operand(0))) {
    const bool same =
        use.operand == 0 && &use.node->op() == &node->op() && use.node->attributes == node->attributes &&
        std::equal(use.node->operands.begin(), use.node->operands.end(), node->operands.begin(), node->operands.end());
    if (!same) return {node};
    twins.push_back(use.node);
  }
  return twins;
}

}  // namespace

Expected<size_t> apply_weight_transforms(Graph& graph, const Evaluator& evaluate) {
  size_t applied = 0;
  for (size_t i = 0; i < graph.nodes().size();) {
    Node* node = graph.nodes()[i].get();
    if (!is_ready(*node)) {
      ++i;
      continue;
    }
    PARE_ASSIGN(std::vector<Tensor> data, evaluate(*node));
    Value* weights = node->operand(0);
    const std::vector<Node*> twins = twins_of(graph, node);
    if (twins.size() == graph.use_count(weights))
      weights->data = std::move(data[0]);
    else
      weights = graph.add_constant(weights->name + "/transformed", std::move(data[0]));
    for (Node* each : twins) {
      graph.replace_uses(each->result(), weights);
      graph.erase(each);
    }
    applied += twins.size();
  }
  if (applied > 0) graph.remove_dead();  // masks and centroids that nothing reads any more
  return applied;
}

}  // namespace pare
