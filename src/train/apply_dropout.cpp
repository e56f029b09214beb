#include "train/apply_dropout.h"

#include "base/random.h"
#include "ops/dropout.h"
#include "passes/rewrite.h"

namespace pare {

Expected<void> apply_dropout(Graph& graph, Value* step, uint64_t seed) {
  std::vector<Node*> nodes;
  for (const auto& node : graph.nodes())
    if (node->is("dropout")) nodes.push_back(node.get());
  for (size_t i = 0; i < nodes.size(); ++i) {
    Node* node = nodes[i];
    const auto& attributes = node->attrs<DropoutAttributes>();
    Shape shape = node->operand(0)->type.shape;
    if (attributes.per_channel)
      for (int d = 1; d + 1 < shape.rank(); ++d) shape[d] = 1;
    const RandomMaskAttributes mask{.shape = shape.dims(),
                                    .rate = attributes.rate,
                                    .seed = static_cast<int64_t>(stream_seed(seed, static_cast<int64_t>(i)))};
    PARE_ASSIGN(Value * factors, insert_before(graph, node, "random_mask", mask, {step}, node->name + "/mask"));
    PARE_ASSIGN(Value * product, insert_before(graph, node, "mul", op_named("mul").attributes,
                                               {node->operand(0), factors}, node->name + "/kept"));
    replace(graph, node, product);
  }
  return {};
}

void leave_out_dropout(Graph& graph) {
  for (const auto& node : graph.nodes())
    if (node->is("dropout")) graph.replace_uses(node->result(), node->operand(0));
}

}  // namespace pare
