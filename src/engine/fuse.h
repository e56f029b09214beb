// Rewrites that only the engine wants, on its own copy of the graph.
#pragma once

#include "ir/graph.h"

namespace pare {

// Joins what one fast kernel can do in one pass over memory: a float addition of equal shapes goes into the convolution that
// computes one of its operands, as that node's operand "addend". Numbers stay those of the separate operators within rounding.
void fuse_for_engine(Graph& graph, int threads);

}  // namespace pare
