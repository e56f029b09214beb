#include "steps/fitted_layer.h"

#include <unordered_set>

#include "ir/weight_chain.h"
#include "passes/output_affine.h"
#include "quant/roles.h"
#include "train/weight_transforms.h"

namespace pare {
namespace {

Node& first_node(Graph& graph, const FittedLayer& layer) { return *graph.find_value(layer.results[0])->producer; }

// Whether all weights that a value hangs on come before the node in the order of the network.
bool is_made_before(const Graph& graph, const Value* value, const Node& node) {
  std::unordered_set<const Node*> before;
  for (const auto& each : graph.nodes()) {
    if (each.get() == &node) break;
    before.insert(each.get());
  }
  std::vector<const Value*> left{value};
  while (!left.empty()) {
    const Node* producer = left.back()->producer;
    left.pop_back();
    if (producer == nullptr || before.contains(producer)) continue;
    if (roles_of(*producer).weights) return false;
    for (const Value* operand : producer->operands)
      if (operand != nullptr) left.push_back(operand);
  }
  return true;
}

// Behind a mask, in front of a codebook.
Expected<Tensor> weights_behind_mask(const Value* end) {
  if (chain_node(end, WeightTransform::Rounding) != nullptr)
    return unsupported("the model is the training form of a quantised one; do this first, then train for integers");
  const Node* codebook = chain_node(end, WeightTransform::Codebook);
  return transformed(codebook == nullptr ? *end : *codebook->operand(0));
}

}  // namespace

ObservedLayer FittedLayer::observed(const Graph& graph, const ColumnSets& sets) const {
  ObservedLayer found{.nodes = {}, .sets = sets, .weights = weights};
  if (sets.size() == 1) {  // several would each make up for all of it
    found.added = added;
    found.factors = added_factors;
  }
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

void make_up_for_added(const Graph& graph, FittedLayer& layer) {
  if (layer.results.size() > 1) return;
  const Node& node = *graph.find_value(layer.results[0])->producer;
  const Value* added = added_to_output(graph, node);
  if (added == nullptr || !is_made_before(graph, added, node)) return;
  layer.added = added->name;
  layer.added_factors.assign(layer.scales.size(), 1);
  if (const auto factors = output_scale(graph, node))
    for (size_t row = 0; row < layer.added_factors.size(); ++row)
      layer.added_factors[row] = (*factors)[row] == 0 ? 0 : 1 / (*factors)[row];
}

void take_back(Graph& graph, const FittedLayer& layer, const std::vector<double>& shift) {
  std::vector<double> by = shift;
  for (double& each : by) each = -each;
  shift_output(graph, *output_shift(graph, first_node(graph, layer)), by);
}

}  // namespace pare
