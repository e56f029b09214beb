// Weights rounded to integers so that what layers compute changes least, where the nearest integers change it more.
#pragma once

#include <set>

#include "quant/plan.h"
#include "steps/layerwise.h"

namespace pare {

// The weights that are integers in the plan become multiples of their scales, layer after layer, so that each computes, from what it gets now,
// what it computed before; biases, or the means of normalisations behind, take up what is lost of the means. Zeros stay, and so do weights
// with a codebook and those of nodes in `left_alone` (key_of). `deployed`, which the plan speaks of, is the network after the passes, or
// itself. Fails as observe_products().
Expected<void> fit_rounding(Graph& network, const Graph& deployed, const QuantPlan& plan,
                            const std::set<std::string>& left_alone, const SampleSource& samples, int threads,
                            const LayerObserver& observer);

}  // namespace pare
