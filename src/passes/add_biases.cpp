// Weights without a bias get one of zeros: several integer kernels want one, and a correction of quantisation errors needs its place.
#include "passes/passes.h"
#include "passes/weighted.h"

namespace pare {

Expected<size_t> add_biases(Graph& graph, const Evaluator&) {
  size_t added = 0;
  for (const auto& node : graph.nodes()) {
    const auto weighted = as_weighted(node.get());
    if (!weighted || node->operand(weighted->bias) != nullptr) continue;
    set_bias(graph, *weighted, bias_of(*weighted));
    ++added;
  }
  return added;
}

}  // namespace pare
