// A constant that is stored in half precision or quantised and turned into float32 by a node becomes that float32 constant.
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace pare {

Expected<size_t> restore_weights(Graph& graph, const Evaluator& evaluate) {
  size_t restored = 0;
  for (size_t i = 0; i < graph.nodes().size();) {
    Node* node = graph.nodes()[i].get();
    const bool wanted = node->op().quantization.scales == QuantRule::Scales::Border &&
                        node->operand(0)->is_constant() && node->result()->type.dtype == DType::Float32 &&
                        !graph.is_output(node->result());
    if (!wanted) {
      ++i;
      continue;
    }
    PARE_ASSIGN(std::vector<Tensor> data, evaluate(*node));
    graph.replace_uses(node->result(), graph.add_constant(node->result()->name, std::move(data.front())));
    graph.erase(node);
    ++restored;
  }
  return restored;
}

}  // namespace pare
