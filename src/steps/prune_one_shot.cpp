#include "steps/prune_one_shot.h"

#include <algorithm>
#include <cmath>

#include "compress/layer_removals.h"
#include "compress/removal_budget.h"
#include "ir/weight_chain.h"
#include "passes/inline_composites.h"
#include "quant/roles.h"
#include "steps/output_sensitivity.h"

namespace pare {
namespace {

// Multiply-adds of all passes over the samples in which layers are priced: some ten seconds.
constexpr double kProducts = 4e11;
constexpr int64_t kLeastPriced = 16;  // samples, if there are

double elements_of(const FittedLayer& layer) { return static_cast<double>(layer.weights.size()); }

// The masks that magnitudes give.
Expected<std::vector<RowMatrix>> magnitude_masks(const std::vector<const FittedLayer*>& layers,
                                                 const OneShotOptions& options, SparsityBudget budget) {
  std::vector<std::vector<float>> scores;
  std::vector<ScoredWeights> scored;
  for (const FittedLayer* each : layers) scores.push_back(magnitudes(each->tensor(each->weights)));
  for (size_t i = 0; i < layers.size(); ++i) scored.push_back({layers[i]->shape, scores[i], options.pattern});
  PARE_ASSIGN(const std::vector<Tensor> masks, masks_of(scored, budget, options.sparsity));
  std::vector<RowMatrix> rows;
  for (size_t i = 0; i < layers.size(); ++i) rows.push_back(rows_of(masks[i], layers[i]->axis));
  return rows;
}

// What a layer becomes; rows as in FittedLayer::weights.
struct NewWeights {
  RowMatrix mask, weights;
  std::vector<double> mean_shift;  // that something makes up for; may be empty
};

void put_weights(Graph& graph, const FittedLayer& layer, const std::string& mask, const NewWeights& made) {
  graph.find_value(layer.constant)->data = layer.tensor(made.weights);
  graph.find_value(mask)->data = layer.tensor(made.mask);
  if (!made.mean_shift.empty()) take_back(graph, layer, made.mean_shift);
}

class OneShotPruning {
 public:
  OneShotPruning(Graph& graph, std::vector<FittedLayer> layers, const std::vector<PrunedWeights>& pruned,
                 const SampleSource& samples, const OneShotOptions& options, const LayerObserver& observer)
      : graph_(graph),
        pruned_(pruned),
        options_(options),
        layerwise_(graph, graph.clone(), std::move(layers), samples, options.threads, observer),
        ways_(pruned.size()) {}

  Expected<std::vector<PrunedLayer>> run() {
    for (size_t i = 0; i < ways_.size(); ++i) {
      const FittedLayer& each = layer(i);
      PARE_ASSIGN_IN(ways_[i].parts,
                     removal_parts(each.shape, each.axis, options_.pattern,
                                   affordable_sizes(each.weights.rows(), each.weights.cols())),
                     each.name);
      layerwise_.layers()[i].sets = ways_[i].parts.sets;
    }
    PARE_TRY(layerwise_.observe_all("ordering weights",
                                    [&](size_t i, const SeenProducts& seen) { return find_order(i, seen); }));
    PARE_TRY(divide());
    PARE_TRY(layerwise_.fit_all("fitting weights", [&](size_t i, const Gram& gram) -> Expected<void> {
      make(i, gram, ways_[i].removals.removals_for(ways_[i].zeros));
      find_error(i, gram);
      put_weights(graph_, layer(i), pruned_[i].mask, ways_[i].made);
      return {};
    }));
    return described();
  }

 private:
  // How a layer gets its zeros.
  struct Way {
    RemovalParts parts;
    LayerRemovals removals;
    double power = 0;  // mean square of the output as it was, its variance where centred
    double price = 1;  // of a unit of loss, at the outputs of the network
    double zeros = 0;  // that it gets
    NewWeights made;
    std::optional<double> error;  // of the output, as a share of its power
  };

  const FittedLayer& layer(size_t i) { return layerwise_.layers()[i].layer; }

  // The layer with these zeros.
  void make(size_t i, const Gram& gram, size_t removals) {
    Way& way = ways_[i];
    const FittedLayer& was = layer(i);
    const LayerOptions& options = layerwise_.layers()[i].options;
    way.made.mask = mask_of(way.parts, was.weights.rows(), way.removals, removals);
    way.made.weights = fit_layer(gram, was.weights, way.made.mask, way.parts.rows_together, options);
    if (options.centred) way.made.mean_shift = mean_shift(gram, was.weights, way.made.weights);
  }

  // How far what has become of the layer is off.
  void find_error(size_t i, const Gram& gram) {
    if (gram.windows() == 0) return;
    Way& way = ways_[i];
    const auto& [was, sets, options, multiply_adds] = layerwise_.layers()[i];
    const double power = output_power(gram, was.weights, options.centred);
    way.error = output_error(gram, was.weights, way.made.weights, power, options.centred) / std::max(power, 1e-30);
  }

  // In which order the weights of a layer go, by what it sees in the network as it was; and what it becomes at the sparsity of all, fitted to
  // a part of the samples, so that the rest shows what that costs.
  Expected<void> find_order(size_t i, const SeenProducts& seen) {
    Way& way = ways_[i];
    const FittedLayer& was = layer(i);
    LayerOptions& options = layerwise_.layers()[i].options;
    PARE_ASSIGN(const std::vector<RowMatrix> mask, magnitude_masks({&was}, options_, SparsityBudget::Uniform));
    options.damping = choose_damping(seen.fitted, seen.held_out, was.weights, options, [&](const LayerOptions& tried) {
      return fit_layer(seen.fitted, was.weights, mask[0], way.parts.rows_together, tried);
    });
    way.power = output_power(seen.fitted, was.weights, options.centred);
    way.removals = order_layer(seen.fitted, way.parts, was.weights, was.scales, options);
    make(i, seen.fitted, way.removals.removals_for(options_.sparsity * elements_of(was)));
    return {};
  }

  // How many zeros each layer gets.
  Expected<void> divide() {
    if (options_.budget || options_.pattern.is_n_of_m()) {
      std::vector<const FittedLayer*> layers;
      for (const Layerwise::Layer& each : layerwise_.layers()) layers.push_back(&each.layer);
      PARE_ASSIGN(const std::vector<RowMatrix> masks,
                  magnitude_masks(layers, options_, options_.budget.value_or(SparsityBudget::Uniform)));
      for (size_t i = 0; i < ways_.size(); ++i) ways_[i].zeros = elements_of(layer(i)) - masks[i].sum();
      return {};
    }
    PARE_TRY(find_prices());
    double weights = 0;
    std::vector<PricedRemovals> priced;
    for (size_t i = 0; i < ways_.size(); ++i) {
      weights += elements_of(layer(i));
      priced.push_back({&ways_[i].removals, ways_[i].price});
    }
    const std::vector<size_t> counts = cheapest_removals(priced, std::round(options_.sparsity * weights));
    for (size_t i = 0; i < ways_.size(); ++i)
      for (size_t r = 0; r < counts[i]; ++r) ways_[i].zeros += ways_[i].removals.order[r].weights;
    return {};
  }

  // What the loss of each layer costs at the outputs: measured with that layer alone pruned, on samples that it was not fitted to. Where
  // outputs cannot be compared, loss is taken as a share of the layer's own output.
  Expected<void> find_prices() {
    const double affordable = kProducts / layerwise_.multiply_adds() / static_cast<double>(ways_.size());
    const SampleSource some = layerwise_.held_out(std::max(kLeastPriced, static_cast<int64_t>(affordable)));
    const auto sensitivity = OutputSensitivity::create(layerwise_.reference(), some, options_.threads);
    for (size_t i = 0; i < ways_.size(); ++i) {
      layerwise_.tell("measuring what layers matter", i);
      Way& way = ways_[i];
      double loss = 0;
      const size_t count = way.removals.removals_for(options_.sparsity * elements_of(layer(i)));
      for (size_t r = 0; r < count; ++r) loss += way.removals.order[r].loss;
      if (!(loss > 0)) continue;
      double error = loss / std::max(way.power, 1e-30);
      if (sensitivity) {
        Graph version = layerwise_.reference().clone();
        put_weights(version, layer(i), pruned_[i].mask, way.made);
        PARE_ASSIGN(error, sensitivity->of(version));
      }
      way.price = error / loss;
    }
    return {};
  }

  std::vector<PrunedLayer> described() const {
    std::vector<PrunedLayer> all;
    for (size_t i = 0; i < ways_.size(); ++i) {
      PrunedLayer described = describe_layer(graph_, pruned_[i]);
      described.output_error = ways_[i].error;
      all.push_back(described);
    }
    return all;
  }

  Graph& graph_;
  const std::vector<PrunedWeights>& pruned_;
  const OneShotOptions& options_;
  Layerwise layerwise_;
  std::vector<Way> ways_;  // of each layer
};

Expected<std::vector<FittedLayer>> layers_of(Graph& graph, const std::vector<PrunedWeights>& pruned) {
  std::vector<FittedLayer> layers;
  for (const PrunedWeights& each : pruned) {
    PARE_ASSIGN(FittedLayer layer, fitted_layer(graph, each.layer, each.weights));
    make_up_for_added(graph, layer);
    for (const std::string& result : layer.results) {
      const Node& node = *graph.find_value(result)->producer;
      if (chain_node(node.operand(*roles_of(node).weights), WeightTransform::Codebook) != nullptr)
        return unsupported("{}: the weights are clustered already; prune first, then do that", each.layer);
    }
    layers.push_back(std::move(layer));
  }
  return layers;
}

}  // namespace

Expected<PruneResult> prune_one_shot(const Model& model, const SampleSource* samples, const OneShotOptions& options,
                                     const LayerObserver& observer) {
  const bool obs = options.criterion == OneShotCriterion::Obs;
  if (obs && samples == nullptr)
    return usage_error("--one-shot obs needs samples; give them with --data, or choose magnitude");
  PruneResult result;
  result.model = model.clone();
  PARE_TRY(inline_composites(result.model));
  Graph& graph = result.model.main();
  PruningOptions which{.pattern = options.pattern, .choice = options.choice};
  which.schedule.final = options.sparsity;
  PARE_ASSIGN(const std::vector<PrunedWeights> pruned, insert_masks(graph, which));
  PARE_ASSIGN(std::vector<FittedLayer> layers, layers_of(graph, pruned));
  if (obs) {
    OneShotPruning pruning(graph, std::move(layers), pruned, *samples, options, observer);
    PARE_ASSIGN(result.layers, pruning.run());
    return result;
  }
  std::vector<const FittedLayer*> all;
  for (const FittedLayer& each : layers) all.push_back(&each);
  PARE_ASSIGN(const std::vector<RowMatrix> masks,
              magnitude_masks(all, options, options.budget.value_or(SparsityBudget::Lamp)));
  for (size_t i = 0; i < layers.size(); ++i) {
    put_weights(graph, layers[i], pruned[i].mask, {masks[i], layers[i].weights.cwiseProduct(masks[i]), {}});
    result.layers.push_back(describe_layer(graph, pruned[i]));
  }
  return result;
}

}  // namespace pare
