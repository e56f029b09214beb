// What an operator's quantisation rule says about one node's operands.
#pragma once

#include <vector>

#include "ir/graph.h"

namespace pare {

struct NodeRoles {
  std::vector<size_t> activations;  // operands that are quantised as activations, constants included
  std::optional<size_t> weights;    // symmetric weights
  std::optional<size_t> bias;
  std::vector<size_t> results;  // results that are quantised

  // The value whose scale, times that of the weights, is the bias's.
  const Value* source(const Node& node) const { return node.operand(activations.at(0)); }
};

// Only operands and results of type float32 count; an absent or integer one is left out.
NodeRoles roles_of(const Node& node);

// Whether operands and results of the node share their parameters in this activation type.
bool shares_scales(const QuantRule& rule, DType activations);
// The parameters that the rule fixes for the results, if any.
const std::optional<QuantRule::Fixed>& fixed_output(const QuantRule& rule, DType activations);

}  // namespace pare
