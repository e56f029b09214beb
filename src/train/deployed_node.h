// Where the operators of a network as it is trained are in the network after passes, which keep the names of what remains.
#pragma once

#include <vector>

#include "ir/graph.h"

namespace pare {

// The operator that computes, in `deployed`, what this one does: itself, or one that took it in. Null where there is none.
const Node* deployed_node(const Graph& network, const Node& node, const Graph& deployed);

// What each output channel of the node's weights has been multiplied with in `deployed`, as by a batch normalisation behind it: one number a
// channel, 1 where that cannot be told. `operand` is that of the weights.
std::vector<float> folded_factors(const Graph& network, const Node& node, size_t operand, const Graph& deployed);

}  // namespace pare
