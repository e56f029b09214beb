// Pruning without training: a network and some samples without labels in, the network with zeros in its weights out.
#pragma once

#include "steps/layerwise.h"
#include "steps/prune.h"

namespace pare {

// What says which weights go.
enum class OneShotCriterion {
  Obs,        // the optimal brain surgeon: those that cost least of the layer's output once the others make up for them
  Magnitude,  // the smallest; the others stay as they are
};
template <>
struct EnumNames<OneShotCriterion> {
  static constexpr std::array<std::string_view, 2> names{"obs", "magnitude"};
};

struct OneShotOptions {
  OneShotCriterion criterion = OneShotCriterion::Obs;
  double sparsity = 0.5;
  SparsityPattern pattern;
  // Nothing: by what the zeros of a layer cost at the outputs of the network (obs), lamp (magnitude).
  std::optional<SparsityBudget> budget;
  WeightChoice choice;
  int threads = 1;
};

// The result has masks, as that of prune(). Magnitudes need no samples, which may be null then. Else layers are fitted in the order of the
// network, each to what it computed before anything was pruned from what it gets now, and biases, or the means of normalisations behind, take up what is lost of the means.
// Fails as insert_masks() and observe_products(), for weights that are clustered or rounded, and with Usage where samples are needed.
Expected<PruneResult> prune_one_shot(const Model& model, const SampleSource* samples, const OneShotOptions& options,
                                     const LayerObserver& observer = {});

}  // namespace pare
