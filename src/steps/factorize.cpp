#include "steps/factorize.h"

#include <algorithm>

#include "compress/factorize.h"
#include "engine/evaluate.h"
#include "passes/inline_composites.h"
#include "passes/passes.h"
#include "quant/glob.h"
#include "train/fake_quantization.h"

namespace pare {
namespace {

using Ranks = std::vector<std::optional<int64_t>>;

Expected<void> check(const FactorizeOptions& options) {
  if (options.macs && options.energy)
    return usage_error("--macs and --energy both say how far to go; give one of them");
  if (!options.macs && !options.energy && options.ranks.empty())
    return usage_error("one of --macs, --energy and --rank must say how far to go, such as --macs 0.5");
  return {};
}

// The ranks that patterns state; those of the layers are marked as fixed.
Expected<void> state_ranks(const std::vector<FactorizableLayer>& layers, const FactorizeOptions& options, Ranks& ranks,
                           std::vector<bool>& is_fixed) {
  std::vector<bool> matched(options.ranks.size());
  for (size_t i = 0; i < layers.size(); ++i)
    for (size_t p = 0; p < options.ranks.size() && !is_fixed[i]; ++p) {
      const auto& [pattern, rank] = options.ranks[p];
      if (!matches_glob(pattern, layers[i].node->name)) continue;
      matched[p] = is_fixed[i] = true;
      const int64_t largest = layers[i].choice().largest_rank();
      if (rank > largest)
        return usage_error(
            "--rank {}={}: '{}' would cost more than it does now; {} is its largest rank that saves work", pattern,
            rank, layers[i].node->name, largest);
      ranks[i] = rank;
    }
  for (size_t p = 0; p < matched.size(); ++p)
    if (!matched[p])
      return bad_input("--rank {}: no layer that can be factorised is called so; `pare inspect --layers` lists names",
                       options.ranks[p].first);
  return {};
}

// Ranks of the layers that are not fixed, for a budget of all.
Expected<void> ranks_for_budget(const std::vector<FactorizableLayer>& layers, const std::vector<bool>& is_fixed,
                                int64_t all, double share, Ranks& ranks) {
  std::vector<RankChoice> choices;
  std::vector<size_t> places;
  double others = static_cast<double>(all);
  for (size_t i = 0; i < layers.size(); ++i) {
    const RankChoice choice = layers[i].choice();
    others -= choice.full_cost;
    if (is_fixed[i]) {
      others += choice.cost_of_rank * static_cast<double>(*ranks[i]);
    } else {
      choices.push_back(choice);
      places.push_back(i);
    }
  }
  const auto found = ranks_within(choices, share * static_cast<double>(all) - others);
  if (!found) {
    double least = others;
    for (const RankChoice& choice : choices)
      least += choice.largest_rank() > 0 ? choice.cost_of_rank : choice.full_cost;
    return unsupported("{:.4g} % of the multiply-adds were asked for; with ranks of 1 in every layer {:.4g} % are left",
                       100 * share, 100 * least / static_cast<double>(all));
  }
  for (size_t i = 0; i < places.size(); ++i) ranks[places[i]] = (*found)[i];
  return {};
}

Expected<Ranks> choose_ranks(const std::vector<FactorizableLayer>& layers, int64_t all,
                             const FactorizeOptions& options) {
  Ranks ranks(layers.size());
  std::vector<bool> is_fixed(layers.size());
  PARE_TRY(state_ranks(layers, options, ranks, is_fixed));
  if (options.macs) PARE_TRY(ranks_for_budget(layers, is_fixed, all, *options.macs, ranks));
  if (options.energy)
    for (size_t i = 0; i < layers.size(); ++i)
      if (!is_fixed[i]) ranks[i] = rank_keeping(layers[i].choice(), *options.energy);
  return ranks;
}

FactorizedLayer summary_of(const FactorizableLayer& layer, const std::optional<int64_t>& rank) {
  FactorizedLayer summary{layer.node->name, layer.node->operand(1)->type.shape, std::min(layer.outputs, layer.inputs),
                          rank};
  summary.multiply_adds_before = summary.multiply_adds_after = layer.multiply_adds;
  if (!rank) return summary;
  summary.kept = layer.main.kept(*rank);
  summary.multiply_adds_after =
      layer.multiply_adds / (layer.outputs * layer.inputs) * *rank * (layer.outputs + layer.inputs);
  return summary;
}

}  // namespace

Expected<FactorizeResult> factorize(const Model& model, const SampleSource* samples, const FactorizeOptions& options) {
  PARE_TRY(check(options));
  if (is_training_form(model.main()))
    return unsupported("the network has fake_quantize in it, for training; factorise the float network it came from");
  FactorizeResult result{.model = model.clone()};
  PARE_TRY(inline_composites(result.model));
  Graph& graph = result.model.main();
  PARE_TRY(apply_weight_transforms(graph, evaluate));
  PARE_ASSIGN(const std::vector<ChosenWeights> chosen, chosen_weights(graph, options.choice, "factorise"));
  std::vector<Node*> nodes;
  for (const ChosenWeights& each : chosen) nodes.push_back(each.node);
  PARE_ASSIGN(std::vector<FactorizableLayer> layers, factorizable_layers(graph, nodes));
  if (layers.empty())
    return unsupported("there is nothing to factorise: no dense layer or ungrouped convolution is chosen");
  if (samples != nullptr) PARE_TRY(observe_outputs(graph, *samples, options.threads, layers));
  PARE_ASSIGN(result.multiply_adds_before, multiply_adds_of_sample(graph));
  PARE_ASSIGN(const Ranks ranks, choose_ranks(layers, result.multiply_adds_before, options));
  for (size_t i = 0; i < layers.size(); ++i) {
    const int64_t outputs = layers[i].outputs, inputs = layers[i].inputs;
    result.layers.push_back(summary_of(layers[i], ranks[i]));
    result.weights_before += outputs * inputs;
    result.weights_after += ranks[i] ? *ranks[i] * (outputs + inputs) : outputs * inputs;
    if (ranks[i]) PARE_TRY(factorize_layer(graph, layers[i], *ranks[i]));
  }
  graph.remove_dead();
  PARE_ASSIGN(result.multiply_adds_after, multiply_adds_of_sample(graph));
  return result;
}

}  // namespace pare
