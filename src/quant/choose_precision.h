// Decides for each node whether it computes in integers, and why.
#pragma once

#include "quant/config.h"

namespace pare {

// By key_of the node. In the mode Int8Only an operator that must stay float is an error that lists all of them.
Expected<std::map<std::string, NodePlan>> choose_precision(const Graph& graph, const QuantConfig& config);

// The patterns that match no node's name (of a layer's bits: nor an input's; of a fixed range: no value's): mistyped, most likely.
std::vector<std::string> unmatched_patterns(const Graph& graph, const QuantConfig& config);

}  // namespace pare
