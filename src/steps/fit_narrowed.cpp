#include "steps/fit_narrowed.h"

#include <algorithm>
#include <map>
#include <set>

#include "quant/roles.h"

namespace pare {
namespace {

// Zero where an element of the weights reads a channel that leaves, else one.
using Masks = std::map<const Value*, Tensor>;

Tensor ones(const Shape& shape) {
  Tensor tensor(DType::Float32, shape);
  std::ranges::fill(tensor.mutable_values<float>(), 1.f);
  return tensor;
}

Masks masks_of(const std::vector<ChannelGroup>& groups, const std::vector<LeavingChannels>& leaving) {
  Masks masks;
  for (const LeavingChannels& each : leaving)
    for (const ChannelMember& member : groups[each.group].members) {
      if (!member.is_weights(ChannelRole::Reads)) continue;
      Tensor& mask = masks[member.value];
      if (mask.shape() != member.value->type.shape) mask = ones(member.value->type.shape);
      const auto values = mask.mutable_values<float>();
      for (const int64_t channel : each.channels)
        for_each_position(member, static_cast<size_t>(channel), [&](size_t position) { values[position] = 0; });
    }
  return masks;
}

// From the first that reads one of them on.
Expected<std::vector<FittedLayer>> layers_of(Graph& graph, const Masks& masks) {
  std::vector<FittedLayer> layers;
  std::set<const Value*> seen;
  for (const auto& node : graph.nodes()) {
    const std::optional<size_t> at = roles_of(*node).weights;
    const Value* weights = at ? node->operand(*at) : nullptr;
    if (weights == nullptr || !weights->is_constant() || (seen.empty() && !masks.contains(weights))) continue;
    if (!seen.insert(weights).second) continue;
    PARE_ASSIGN(FittedLayer layer, fitted_layer(graph, node->name, weights->name));
    make_up_for_added(graph, layer);
    layers.push_back(std::move(layer));
  }
  return layers;
}

struct Kept {
  RowMatrix mask;
  int64_t rows_together;  // that have one equation: all where they read the same
};

Kept kept_of(const Graph& graph, const FittedLayer& layer, const Masks& masks) {
  const auto found = masks.find(graph.find_value(layer.constant));
  const RowMatrix mask = found == masks.end() ? RowMatrix::Ones(layer.weights.rows(), layer.weights.cols())
                                              : rows_of(found->second, layer.axis);
  const bool alike = (mask.rowwise() - mask.row(0)).isZero(0);
  return {mask, alike ? mask.rows() : 1};
}

}  // namespace

Expected<void> fit_narrowed(Graph& graph, const std::vector<ChannelGroup>& groups,
                            const std::vector<LeavingChannels>& leaving, const SampleSource& samples, int threads,
                            const LayerObserver& observer) {
  const Masks masks = masks_of(groups, leaving);
  PARE_ASSIGN(std::vector<FittedLayer> layers, layers_of(graph, masks));
  std::vector<Kept> kept;
  for (const FittedLayer& layer : layers) kept.push_back(kept_of(graph, layer, masks));
  Layerwise layerwise(graph, graph.clone(), std::move(layers), samples, threads, observer);
  const auto fitted = [&](size_t i, const Gram& gram, const LayerOptions& options) {
    return fit_layer(gram, layerwise.layers()[i].layer.weights, kept[i].mask, kept[i].rows_together, options);
  };
  PARE_TRY(layerwise.choose_dampings(fitted));
  return layerwise.fit_all("fitting layers", [&](size_t i, const Gram& gram) -> Expected<void> {
    layerwise.put(i, gram, fitted(i, gram, layerwise.layers()[i].options));
    return {};
  });
}

}  // namespace pare
