// Evaluates nodes on constants: shapes computed in the graph, folded weights.
#pragma once

#include "base/error.h"
#include "ir/graph.h"

namespace pare {

// The results of a node whose operands are all constant (absent ones aside), computed by the reference implementation. Shapes
// must be static.
Expected<std::vector<Tensor>> evaluate(const Node& node);

// Gives what is unknown of the shapes of inputs this extent. Those behind follow with concretise() or infer_types().
void bind_inputs(Graph& graph, int64_t extent);

// Makes every shape static after the inputs got theirs: runs the shape rules in order and evaluates nodes whose operands are all
// constant, since shapes may hang on their values. Evaluated nodes are replaced by constants.
Expected<void> concretise(Graph& graph);

}  // namespace pare
