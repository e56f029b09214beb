// y = s x + t with s = gamma / sqrt(variance + epsilon), t = beta - mean s: one product and one sum with constants. For what
// fold_batch_normalization could not move into weights.
#include "passes/affine_node.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace pare {

Expected<size_t> expand_batch_normalization(Graph& graph, const Evaluator&) {
  size_t expanded = 0;
  for (size_t i = 0; i < graph.nodes().size(); ++i) {
    Node* node = graph.nodes()[i].get();
    const auto affine = node->is("batch_normalization") ? batch_normalization_affine(*node) : std::nullopt;
    if (!affine) continue;
    Expansion expand(graph, node);
    Value* scaled = expand.op("mul", {node->operand(0), expand.constant(Tensor::vector(affine->scale))});
    PARE_TRY(expand.finish(expand.op("add", {scaled, expand.constant(Tensor::vector(affine->shift))})));
    ++expanded;
  }
  return expanded;
}

}  // namespace pare
