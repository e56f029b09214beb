#include "compress/observe_products.h"

#include <algorithm>
#include <cmath>

#include "engine/evaluate.h"
#include "engine/runner.h"
#include "passes/pipeline.h"

namespace pare {
namespace {

constexpr int64_t kLeastWindows = 2048;

const Value* source_of_product(const Node& node) {
  const std::vector<int>& activations = node.op().quantization.activations;
  if (node.op().product == nullptr || activations.empty()) return nullptr;
  const Value* source = node.operand(static_cast<size_t>(activations[0]));
  const bool observable = source != nullptr && source->type.dtype == DType::Float32 &&
                          (source->producer != nullptr || !source->is_constant());
  return observable ? source : nullptr;
}

// Appends a copy of a network that reads the inputs that are there already. Gives where each of its values went.
Twins append_network(Graph& graph, const Graph& network) {
  Twins copies;
  for (size_t i = 0; i < network.inputs.size(); ++i) copies[network.inputs[i]] = graph.inputs[i];
  for (const auto& value : network.values())
    if (!copies.contains(value.get())) copies.emplace(value.get(), graph.add_copy(*value, value->name));
  for (const auto& node : network.nodes()) graph.append_copy(*node, copies);
  return copies;
}

// What an operator of a layer reads, as outputs of the graph that runs.
struct ObservedNode {
  const Node* node;
  size_t layer;
  size_t output, reference_output;
  std::optional<std::pair<size_t, size_t>> added;  // before, now
};

class Observation {
 public:
  Observation(const Graph& graph, const Graph* reference, const std::vector<ObservedLayer>& layers)
      : layers_(layers), paired_(reference != nullptr) {
    Twins now, before;
    graph_ = graph.clone(now);
    if (paired_) before = append_network(graph_, *reference);
    graph_.outputs.clear();
    for (size_t layer = 0; layer < layers.size(); ++layer)
      for (const Node* node : layers[layer].nodes) {
        const Value* source = source_of_product(*node);
        if (source == nullptr) continue;
        const Value* twin = paired_ ? reference->find_value(source->name) : nullptr;
        if (paired_ && twin == nullptr) continue;
        const size_t output = output_for(now.at(source));
        nodes_.push_back({node, layer, output, paired_ ? output_for(before.at(twin)) : output, {}});
        if (!paired_ || layers[layer].added.empty()) continue;
        const Value *added = graph.find_value(layers[layer].added), *was = reference->find_value(layers[layer].added);
        if (added != nullptr && was != nullptr)
          nodes_.back().added = {output_for(before.at(was)), output_for(now.at(added))};
      }
    for (const ObservedLayer& layer : layers) weights_.push_back(layer.weights.cast<float>());
    graph_.remove_dead();
  }

  Expected<std::vector<Gram>> run(const SampleSource& source, const ObserveOptions& options) {
    std::vector<std::vector<Gram>> grams(static_cast<size_t>(std::max(1, options.threads)),
                                         std::vector<Gram>(layers_.size()));
    if (!nodes_.empty()) {
      PARE_TRY(run_pipeline(graph_, Pipeline::Canonical, evaluate));
      PARE_ASSIGN(Runner runner, Runner::create(graph_, {.threads = options.threads}));
      PARE_TRY(runner.run(source, [&](const Runner::Slice& slice) -> Expected<void> {
        for (const ObservedNode& each : nodes_)
          add(each, slice, source.count, options, grams[static_cast<size_t>(slice.thread)][each.layer]);
        return {};
      }));
    }
    for (size_t thread = 1; thread < grams.size(); ++thread)
      for (size_t layer = 0; layer < layers_.size(); ++layer) {
        if (grams[thread][layer].windows() == 0) continue;
        if (grams[0][layer].windows() == 0)
          grams[0][layer] = std::move(grams[thread][layer]);
        else
          grams[0][layer].merge(grams[thread][layer]);
      }
    PARE_TRY(check_finite(grams[0]));
    return std::move(grams[0]);
  }

 private:
  size_t output_for(Value* value) {
    const auto known = std::ranges::find(graph_.outputs, value);
    if (known != graph_.outputs.end()) return static_cast<size_t>(known - graph_.outputs.begin());
    graph_.outputs.push_back(value);
    return graph_.outputs.size() - 1;
  }

  void add(const ObservedNode& observed, const Runner::Slice& slice, int64_t samples, const ObserveOptions& options,
           Gram& gram) const {
    const Shape& shape = slice.context.program().graph().outputs[observed.output]->type.shape;
    const std::optional<WindowedProduct> product = observed.node->op().product(*observed.node, shape);
    const ColumnSets& sets = layers_[observed.layer].sets;
    const FloatRows& weights = weights_[observed.layer];
    size_t columns = 0;
    for (const std::vector<int32_t>& set : sets) columns += set.size();
    if (!product || static_cast<size_t>(product->columns()) != columns || product->samples == 0) return;
    if (paired_) PARE_CHECK(weights.rows() % product->groups == 0);
    if (gram.windows() == 0) gram = Gram(product->groups, sets, paired_ ? weights.rows() / product->groups : 0);
    // Groups have few columns, and many of them take long.
    const int64_t of_group =
        std::clamp(options.windows / product->groups, std::min(kLeastWindows, options.windows), options.windows);
    const int64_t wanted = of_group + options.windows_a_column * product->columns();
    const auto values = [&](size_t output) { return slice.context.output_as<float>(output); };
    Wanted targets{.weights = &weights};
    if (paired_) targets.source = values(observed.reference_output).data();
    const int64_t results = product->samples * product->h.outputs * product->w.outputs * weights.rows();
    if (observed.added && static_cast<int64_t>(values(observed.added->first).size()) == results) {
      targets.before = values(observed.added->first).data();
      targets.now = values(observed.added->second).data();
      targets.factors = layers_[observed.layer].factors;
    }
    gram.add(*product, values(observed.output).data(), paired_ ? &targets : nullptr, (wanted + samples - 1) / samples,
             slice.first);
  }

  Expected<void> check_finite(const std::vector<Gram>& grams) const {
    for (const ObservedNode& each : nodes_) {
      const Gram& gram = grams[each.layer];
      for (int64_t group = 0; group < gram.groups() && gram.windows() > 0; ++group)
        for (size_t set = 0; set < gram.sets().size(); ++set)
          for (const double mean : gram.means(group, set))
            if (!std::isfinite(mean))
              return bad_input(
                  "tensor '{}' has values that are NaN or infinite, finite ones were expected: check the samples and their "
                  "preprocessing",
                  source_of_product(*each.node)->name);
    }
    return {};
  }

  Graph graph_;
  const std::vector<ObservedLayer>& layers_;
  bool paired_;
  std::vector<FloatRows> weights_;  // of each layer
  std::vector<ObservedNode> nodes_;
};

}  // namespace

Expected<std::vector<Gram>> observe_products(const Graph& graph, const Graph* reference,
                                             const std::vector<ObservedLayer>& layers, const SampleSource& source,
                                             const ObserveOptions& options) {
  if (source.count == 0) return bad_input("there are no calibration samples, at least one was expected");
  Observation observation(graph, reference, layers);
  return observation.run(source, options);
}

}  // namespace pare
