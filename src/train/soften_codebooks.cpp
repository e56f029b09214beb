#include "train/soften_codebooks.h"

#include <algorithm>

#include "ir/weight_chain.h"
#include "ops/cluster_weights.h"
#include "ops/soft_cluster_weights.h"

namespace pare {
namespace {

Expected<Node*> append_soft(Graph& graph, const Node& hard, Value* temperature) {
  const auto& attributes = hard.attrs<ClusterWeightsAttributes>();
  Value *weights = hard.operands[0], *centroids = hard.operands[1], *codes = hard.operands[2];
  Value* scales = hard.operands.size() > 3 ? hard.operands[3] : nullptr;
  return graph.append(
      *find_op("soft_cluster_weights"),
      SoftClusterWeightsAttributes{.axis = attributes.axis, .by_channel = attributes.by_channel},
      {weights, centroids, codes, temperature, scales},
      {hard.name + "/soft", centroids->name + "/next", codes->name + "/next", centroids->name + "/course"});
}

}  // namespace

Expected<std::vector<SoftCodebook>> soften_codebooks(Graph& graph, const std::set<const Value*>& weights,
                                                     Value* temperature) {
  std::vector<Node*> codebooks;
  for (const auto& node : graph.nodes())
    if (node->op().traits.weight_transform == WeightTransform::Codebook &&
        weights.contains(untransformed(node->operand(0))))
      codebooks.push_back(node.get());
  std::vector<SoftCodebook> softened;
  std::vector<Value*> results;
  for (Node* hard : codebooks) {
    // Operators that share weights have a codebook node each, of the same centroids and codes.
    const auto known = std::ranges::find(softened, hard->operands[2], &SoftCodebook::codes) - softened.begin();
    if (known == std::ssize(softened)) {
      PARE_ASSIGN(Node * soft, append_soft(graph, *hard, temperature));
      graph.move_last_before(hard);
      softened.push_back({hard->operands[1], soft->result(1), hard->operands[2], soft->result(2)});
      results.push_back(soft->result());
    }
    graph.replace_uses(hard->result(), results[static_cast<size_t>(known)]);
    graph.erase(hard);
  }
  return softened;
}

}  // namespace pare
