#include "steps/one_shot_layer.h"

#include "passes/output_affine.h"
#include "quant/roles.h"
#include "ir/weight_chain.h"
#include "train/weight_transforms.h"

namespace pare {
namespace {

bool is_plainly_masked(const Value* value) {
  for (; value->producer != nullptr && value->producer->op().traits.weight_transform != WeightTransform::None;
       value = value->producer->operand(0))
    if (value->producer->op().traits.weight_transform != WeightTransform::Mask) return false;
  return true;
}

Node* first_node(Graph& graph, const OneShotLayer& layer) { return graph.find_value(layer.results[0])->producer; }

Expected<OneShotLayer> one_shot_layer(Graph& graph, const PrunedWeights& pruned) {
  OneShotLayer layer{.names = pruned};
  for (const auto& node : graph.nodes()) {
    const std::optional<size_t> at = roles_of(*node).weights;
    if (!at || untransformed(node->operand(*at))->name != pruned.weights) continue;
    if (!is_plainly_masked(node->operand(*at)))
      return unsupported("the weights are clustered or rounded already; prune first, then do that");
    layer.results.push_back(node->result()->name);
    layer.axis = node->op().quantization.weights_axis;
    PARE_ASSIGN(const Tensor weights, transformed(*node->operand(*at)));
    layer.shape = weights.shape();
    layer.weights = rows_of(weights, layer.axis);
  }
  Node& first = *first_node(graph, layer);
  layer.makes_up_means = layer.results.size() == 1 && output_shift(graph, first).has_value();
  layer.scales.assign(static_cast<size_t>(layer.weights.rows()), 1);
  if (const auto factors = output_scale(graph, first); factors && factors->size() == layer.scales.size())
    for (size_t row = 0; row < factors->size(); ++row)
      layer.scales[row] = static_cast<double>((*factors)[row]) * (*factors)[row];
  return layer;
}

}  // namespace

ObservedLayer OneShotLayer::observed(const Graph& graph, const ColumnSets& sets) const {
  ObservedLayer found{.nodes = {}, .sets = sets};
  for (const std::string& result : results) found.nodes.push_back(graph.find_value(result)->producer);
  return found;
}

Expected<std::vector<OneShotLayer>> one_shot_layers(Graph& graph, const std::vector<PrunedWeights>& pruned) {
  std::vector<OneShotLayer> layers;
  for (const PrunedWeights& each : pruned) {
    PARE_ASSIGN_IN(OneShotLayer layer, one_shot_layer(graph, each), each.layer);
    layers.push_back(std::move(layer));
  }
  return layers;
}

void put_weights(Graph& graph, const OneShotLayer& layer, const NewWeights& made) {
  graph.find_value(layer.names.weights)->data = layer.tensor(made.weights);
  graph.find_value(layer.names.mask)->data = layer.tensor(made.mask);
  if (made.mean_shift.empty()) return;
  std::vector<double> by = made.mean_shift;
  for (double& each : by) each = -each;
  shift_output(graph, *output_shift(graph, *first_node(graph, layer)), by);
}

}  // namespace pare
