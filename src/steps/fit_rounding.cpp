#include "steps/fit_rounding.h"

#include "compress/fit_codebook.h"
#include "ir/weight_chain.h"
#include "quant/affine.h"
#include "quant/roles.h"
#include "train/deployed_node.h"

namespace pare {
namespace {

// The integers that weights may become as a codebook: the codes times the scale of each channel, before `factors` that the passes fold into
// them.
RowCodebook integers_of(const FittedLayer& layer, const Storage& storage, const std::vector<float>& factors) {
  const IntegerRange range = weight_codes(storage.bits);
  RowCodebook book;
  for (int64_t code = range.lowest; code <= range.highest; ++code) book.centroids.push_back(static_cast<float>(code));
  const std::vector<float>& scales = storage.quantization->scales;
  for (size_t row = 0; row < factors.size(); ++row)
    book.scales.push_back(scales[scales.size() == 1 ? 0 : row] / factors[row]);
  const auto code_of = [](double weight) { return weight == 0 ? kZeroCode : 0; };  // which one is found later
  book.codes = layer.weights.unaryExpr(code_of).cast<int32_t>();
  return book;
}

struct RoundedLayers {
  std::vector<FittedLayer> layers;
  std::vector<RowCodebook> integers;
};

Expected<RoundedLayers> rounded_layers(Graph& network, const Graph& deployed, const QuantPlan& plan,
                                       const std::set<std::string>& left_alone) {
  RoundedLayers found;
  for (const auto& node : network.nodes()) {
    const std::optional<size_t> at = roles_of(*node).weights;
    const Node* there = at ? deployed_node(network, *node, deployed) : nullptr;
    if (there == nullptr || left_alone.contains(key_of(*there))) continue;
    const Storage* storage = plan.of(*there->operand(*roles_of(*there).weights));
    if (storage == nullptr || !storage->quantization) continue;  // it stays float
    if (chain_node(node->operand(*at), WeightTransform::Codebook) != nullptr) continue;
    const std::vector<float> factors = folded_factors(network, *node, *at, deployed);
    if (std::ranges::count(factors, 0.f) > 0) continue;  // of channels that are gone
    PARE_ASSIGN(FittedLayer layer, fitted_layer(network, node->name, untransformed(node->operand(*at))->name));
    if (layer.results.size() > 1) continue;  // of shared weights, whose readers may have other scales
    found.integers.push_back(integers_of(layer, *storage, factors));
    found.layers.push_back(std::move(layer));
  }
  return found;
}

}  // namespace

Expected<void> fit_rounding(Graph& network, const Graph& deployed, const QuantPlan& plan,
                            const std::set<std::string>& left_alone, const SampleSource& samples, int threads,
                            const LayerObserver& observer) {
  PARE_ASSIGN(RoundedLayers rounded, rounded_layers(network, deployed, plan, left_alone));
  Layerwise layerwise(network, network.clone(), std::move(rounded.layers), samples, threads, observer);
  PARE_TRY(layerwise.choose_dampings([&](size_t i, const Gram& gram, const LayerOptions& options) {
    return rounded_to_codebook(gram, layerwise.layers()[i].layer.weights, options, rounded.integers[i]);
  }));
  return layerwise.fit_all("rounding weights", [&](size_t i, const Gram& gram) -> Expected<void> {
    const Layerwise::Layer& at = layerwise.layers()[i];
    const RowCodebook& book = rounded.integers[i];
    const RowMatrix fitted = fit_layer(gram, at.layer.weights, book, at.options);
    layerwise.put(i, gram, rounded_to_codebook(gram, fitted, at.options, book));
    return {};
  });
}

}  // namespace pare
