// How many removals each of several layers gets.
#pragma once

#include "compress/layer_removals.h"

namespace pare {

// A layer's removals, and what a unit of their loss costs.
struct PricedRemovals {
  const LayerRemovals* removals = nullptr;
  double price = 1;
};

// The cheapest removals a weight of all layers until so many weights are gone; each is held to cost at least as much as those in front
// of it in its layer. Gives the number of each layer's.
std::vector<size_t> cheapest_removals(const std::vector<PricedRemovals>& layers, double zeros);

}  // namespace pare
