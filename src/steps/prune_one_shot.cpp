#include "steps/prune_one_shot.h"

#include <algorithm>
#include <cmath>

#include "compress/removal_budget.h"
#include "passes/inline_composites.h"
#include "steps/one_shot_layer.h"
#include "steps/output_sensitivity.h"

namespace pare {
namespace {

// Moments that are held at a time, of all threads together.
constexpr size_t kMomentBytes = size_t{1} << 30;
// Multiply-adds of all passes over the samples that have one purpose: some ten seconds.
constexpr double kProducts = 4e11;

double elements_of(const OneShotLayer& layer) { return static_cast<double>(layer.weights.size()); }

// The masks that magnitudes give.
Expected<std::vector<RowMatrix>> magnitude_masks(const std::vector<OneShotLayer>& layers, const OneShotOptions& options,
                                                 SparsityBudget budget) {
  std::vector<std::vector<float>> scores;
  std::vector<ScoredWeights> scored;
  for (const OneShotLayer& each : layers) scores.push_back(magnitudes(each.tensor(each.weights)));
  for (size_t i = 0; i < layers.size(); ++i) scored.push_back({layers[i].shape, scores[i], options.pattern});
  PARE_ASSIGN(const std::vector<Tensor> masks, masks_of(scored, budget, options.sparsity));
  std::vector<RowMatrix> rows;
  for (size_t i = 0; i < layers.size(); ++i) rows.push_back(rows_of(masks[i], layers[i].axis));
  return rows;
}

class OneShotPruning {
 public:
  OneShotPruning(Graph& graph, std::vector<OneShotLayer> layers, const SampleSource& samples,
                 const OneShotOptions& options, const OneShotObserver& observer)
      : graph_(graph),
        reference_(graph.clone()),
        samples_(samples),
        options_(options),
        observer_(observer),
        layers_(std::move(layers)),
        ways_(layers_.size()) {}

  Expected<std::vector<PrunedLayer>> run() {
    for (size_t i = 0; i < layers_.size(); ++i) {
      const OneShotLayer& layer = layers_[i];
      PARE_ASSIGN_IN(ways_[i].parts,
                     removal_parts(layer.shape, layer.axis, options_.pattern,
                                   affordable_sizes(layer.weights.rows(), layer.weights.cols())),
                     layer.names.layer);
      ways_[i].options = {.centred = layer.makes_up_means, .threads = options_.threads};
    }
    PARE_TRY(find_orders());
    PARE_TRY(divide());
    PARE_TRY(fit());
    return described();
  }

 private:
  // How a layer gets its zeros.
  struct Way {
    RemovalParts parts;
    LayerOptions options;
    LayerRemovals removals;
    double multiply_adds = 0;  // of one sample
    double power = 0;          // mean square of the output as it was, its variance where centred
    double price = 1;          // of a unit of loss, at the outputs of the network
    double zeros = 0;          // that it gets
    NewWeights made;
    std::optional<double> error;
  };

  // Calls visit(layer, its moments) for all layers in their order, `most` or fewer of one pass over the samples. What visit() changes in the
  // network is seen by the next pass.
  template <class Visit>
  Expected<void> in_stages(const char* doing, const Graph* reference, size_t most, Visit visit) {
    for (size_t begin = 0, end = 0; begin < layers_.size(); begin = end) {
      size_t bytes = 0;
      std::vector<ObservedLayer> stage;
      for (end = begin; end < layers_.size() && end - begin < most; ++end) {
        bytes += Gram::bytes(1, ways_[end].parts.sets, reference != nullptr) * static_cast<size_t>(options_.threads);
        if (end > begin && bytes > kMomentBytes) break;
        stage.push_back(layers_[end].observed(graph_, ways_[end].parts.sets));
      }
      tell(doing, begin);
      PARE_ASSIGN(std::vector<Gram> grams,
                  observe_products(graph_, reference, stage, samples_, {.threads = options_.threads}));
      for (size_t i = begin; i < end; ++i) {
        if (grams[i - begin].windows() == 0) {  // nothing is known of what the weights meet: magnitudes decide
          grams[i - begin] = Gram(1, ways_[i].parts.sets, false);
          ways_[i].options.centred = false;
        }
        visit(i, grams[i - begin]);
        tell(doing, i);
      }
    }
    return {};
  }

  // The layer with these zeros.
  void make(size_t i, const Gram& gram, size_t removals) {
    Way& way = ways_[i];
    const OneShotLayer& layer = layers_[i];
    way.made.mask = mask_of(way.parts, layer.weights.rows(), way.removals, removals);
    way.made.weights = fit_layer(gram, layer.weights, way.made.mask, way.parts.rows_together, way.options);
    if (way.options.centred) way.made.mean_shift = mean_shift(gram, layer.weights, way.made.weights);
    if (gram.windows() > 0)
      way.error = output_error(gram, layer.weights, way.made.weights, way.power, way.options.centred);
  }

  // In which order the weights of each layer go, by what it sees in the network as it is; and what it becomes at the sparsity of all.
  Expected<void> find_orders() {
    return in_stages("ordering weights", nullptr, layers_.size(), [&](size_t i, const Gram& gram) {
      Way& way = ways_[i];
      way.power = output_power(gram, layers_[i].weights, way.options.centred);
      way.multiply_adds =
          static_cast<double>(gram.positions()) / static_cast<double>(samples_.count) * elements_of(layers_[i]);
      way.removals = order_layer(gram, way.parts, layers_[i].weights, layers_[i].scales, way.options);
      make(i, gram, way.removals.removals_for(options_.sparsity * elements_of(layers_[i])));
    });
  }

  // How many zeros each layer gets.
  Expected<void> divide() {
    if (options_.budget || options_.pattern.is_n_of_m()) {
      PARE_ASSIGN(const std::vector<RowMatrix> masks,
                  magnitude_masks(layers_, options_, options_.budget.value_or(SparsityBudget::Uniform)));
      for (size_t i = 0; i < layers_.size(); ++i) ways_[i].zeros = elements_of(layers_[i]) - masks[i].sum();
      return {};
    }
    PARE_TRY(find_prices());
    double weights = 0;
    std::vector<PricedRemovals> priced;
    for (size_t i = 0; i < layers_.size(); ++i) {
      weights += elements_of(layers_[i]);
      priced.push_back({&ways_[i].removals, ways_[i].price});
    }
    const std::vector<size_t> counts = cheapest_removals(priced, std::round(options_.sparsity * weights));
    for (size_t i = 0; i < layers_.size(); ++i)
      for (size_t r = 0; r < counts[i]; ++r) ways_[i].zeros += ways_[i].removals.order[r].weights;
    return {};
  }

  // What the loss of each layer costs at the outputs: measured with that layer alone pruned. Where outputs cannot be compared, loss is
  // taken as a share of the layer's own output.
  Expected<void> find_prices() {
    const double affordable = kProducts / multiply_adds() / static_cast<double>(layers_.size());
    SampleSource some = samples_;
    some.count =
        std::clamp<int64_t>(static_cast<int64_t>(affordable), std::min<int64_t>(16, samples_.count), samples_.count);
    auto sensitivity = OutputSensitivity::create(reference_, some, options_.threads);
    for (size_t i = 0; i < layers_.size(); ++i) {
      tell("measuring what layers matter", i);
      Way& way = ways_[i];
      double loss = 0;
      const size_t count = way.removals.removals_for(options_.sparsity * elements_of(layers_[i]));
      for (size_t r = 0; r < count; ++r) loss += way.removals.order[r].loss;
      if (!(loss > 0)) continue;
      double error = loss / std::max(way.power, 1e-30);
      if (sensitivity) {
        Graph version = reference_.clone();
        put_weights(version, layers_[i], way.made);
        PARE_ASSIGN(error, sensitivity->of(version));
      }
      way.price = error / loss;
    }
    return {};
  }

  double multiply_adds() const {
    double sum = 0;
    for (const Way& each : ways_) sum += each.multiply_adds;
    return std::max(1.0, sum);
  }

  // Layer after layer gets its weights, as many at a time as passes over the samples are affordable.
  Expected<void> fit() {
    const auto count = static_cast<double>(layers_.size());
    const double stages = std::clamp(kProducts / multiply_adds() / static_cast<double>(samples_.count), 1.0, count);
    return in_stages("fitting weights", &reference_, static_cast<size_t>(std::ceil(count / stages)),
                     [&](size_t i, const Gram& gram) {
                       make(i, gram, ways_[i].removals.removals_for(ways_[i].zeros));
                       put_weights(graph_, layers_[i], ways_[i].made);
                     });
  }

  std::vector<PrunedLayer> described() const {
    std::vector<PrunedLayer> all;
    for (size_t i = 0; i < layers_.size(); ++i) {
      const Way& way = ways_[i];
      PrunedLayer layer = describe_layer(graph_, layers_[i].names);
      if (way.error && way.power > 0) layer.output_error = *way.error / way.power;
      all.push_back(layer);
    }
    return all;
  }

  void tell(const char* doing, size_t layer) const {
    if (observer_) observer_(doing, layer, layers_.size());
  }

  Graph& graph_;
  Graph reference_;
  const SampleSource& samples_;
  const OneShotOptions& options_;
  const OneShotObserver& observer_;
  std::vector<OneShotLayer> layers_;
  std::vector<Way> ways_;  // of each layer
};

}  // namespace

Expected<PruneResult> prune_one_shot(const Model& model, const SampleSource* samples, const OneShotOptions& options,
                                     const OneShotObserver& observer) {
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
  PARE_ASSIGN(std::vector<OneShotLayer> layers, one_shot_layers(graph, pruned));
  if (obs) {
    OneShotPruning pruning(graph, std::move(layers), *samples, options, observer);
    PARE_ASSIGN(result.layers, pruning.run());
    return result;
  }
  PARE_ASSIGN(const std::vector<RowMatrix> masks,
              magnitude_masks(layers, options, options.budget.value_or(SparsityBudget::Lamp)));
  for (size_t i = 0; i < layers.size(); ++i) {
    const OneShotLayer& layer = layers[i];
    put_weights(graph, layer, {masks[i], layer.weights.cwiseProduct(masks[i]), {}});
    result.layers.push_back(describe_layer(graph, layer.names));
  }
  return result;
}

}  // namespace pare
