// The verifier: what every graph in memory must satisfy. Readers call it on what they read; the pipeline after each pass.
#pragma once

#include "ir/graph.h"

namespace pare {

// Checks names, types, constants, topological order, single production, attribute types, operand counts and that each declared
// result type agrees with the shape rule (equal dtype; shapes compatible where both are known).
Expected<void> verify(const Graph& graph);

}  // namespace pare
