#include "steps/fitted_layer.h"

#include "ir/weight_chain.h"
#include "passes/output_affine.h"
#include "quant/roles.h"
#include "train/weight_transforms.h"

namespace pare {
namespace {

Node& first_node(Graph& graph, const FittedLayer& layer) { return *graph.find_value(layer.results[0])->producer; }

// Behind a mask, in front of a codebook.
Expected<Tensor> weights_behind_mask(const Value* end) {
  if (chain_node(end, WeightTransform::Rounding) != nullptr)
    return unsupported("the model is the training form of a quantised one; do this first, then train for integers");
  const Node* codebook = chain_node(end, WeightTransform::Codebook);
  return transformed(codebook == nullptr ? *end : *codebook->operand(0));
}

}  // namespace

ObservedLayer FittedLayer::observed(const Graph& graph, const ColumnSets& sets) const {
  ObservedLayer found{.nodes = {}, .sets = sets};
  for (const std::string& result : results) found.nodes.push_back(graph.find_value(result)->producer);
  return found;
}

Expected<FittedLayer> fitted_layer(Graph& graph, const std::string& name, const std::string& constant) {
  FittedLayer layer{.name = name, .constant = constant};
  for (const auto& node : graph.nodes()) {
    const std::optional<size_t> at = roles_of(*node).weights;
    if (!at || untransformed(node->operand(*at))->name != constant) continue;
    layer.results.push_back(node->result()->name);
    layer.axis = node->op().quantization.weights_axis;
    PARE_ASSIGN_IN(const Tensor weights, weights_behind_mask(node->operand(*at)), name);
    layer.shape = weights.shape();
    layer.weights = rows_of(weights, layer.axis);
  }
  Node& first = first_node(graph, layer);
  layer.makes_up_means = layer.results.size() == 1 && output_shift(graph, first).has_value();
  layer.scales.assign(static_cast<size_t>(layer.weights.rows()), 1);
  if (const auto factors = output_scale(graph, first); factors && factors->size() == layer.scales.size())
    for (size_t row = 0; row < factors->size(); ++row)
      layer.scales[row] = static_cast<double>((*factors)[row]) * (*factors)[row];
  return layer;
}

void take_back(Graph& graph, const FittedLayer& layer, const std::vector<double>& shift) {
  std::vector<double> by = shift;
  for (double& each : by) each = -each;
  shift_output(graph, *output_shift(graph, first_node(graph, layer)), by);
}

}  // namespace pare
