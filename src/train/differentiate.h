// Gradients of a whole graph.
#pragma once

#include <vector>

#include "ir/graph.h"

namespace pare {

// Appends to the graph what computes the gradient of `loss`, a scalar, with respect to each of `wanted`; shapes must be static. Returns
// the gradients in that order; one is null where the loss does not depend on the value. Fails for an operator between them that has no
// rule (see ops/gradient.h), with its reason, and for one with a fused activation.
// Reverse mode: Speelpenning (1980); each node is visited once, contributions to a value are added.
Expected<std::vector<Value*>> differentiate(Graph& graph, Value* loss, const std::vector<Value*>& wanted);

}  // namespace pare
