#include "compress/removal_budget.h"

#include <algorithm>
#include <queue>

namespace pare {

std::vector<size_t> cheapest_removals(const std::vector<PricedRemovals>& layers, double zeros) {
  struct Next {
    double cost;
    size_t layer;
    bool operator<(const Next& other) const { return std::tie(other.cost, other.layer) < std::tie(cost, layer); }
  };
  std::priority_queue<Next> next;
  std::vector<size_t> counts(layers.size(), 0);
  const auto push = [&](size_t layer, double at_least) {
    const std::vector<LayerRemovals::Removal>& order = layers[layer].removals->order;
    if (counts[layer] == order.size()) return;
    const LayerRemovals::Removal& removal = order[counts[layer]];
    next.push({std::max(at_least, layers[layer].price * removal.loss / removal.weights), layer});
  };
  for (size_t layer = 0; layer < layers.size(); ++layer) push(layer, 0);
  while (!next.empty()) {
    const Next cheapest = next.top();
    next.pop();
    const double weights = layers[cheapest.layer].removals->order[counts[cheapest.layer]].weights;
    if (zeros < weights / 2) break;
    zeros -= weights;
    ++counts[cheapest.layer];
    push(cheapest.layer, cheapest.cost);
  }
  return counts;
}

}  // namespace pare
