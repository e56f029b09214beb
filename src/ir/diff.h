// What changed between two graphs, in text form.
#pragma once

#include <string>

#include "ir/graph.h"
#include "ir/text.h"

namespace pare {

// The lines of print() that differ: those only in `before` led by "- ", those only in `after` by "+ ", in the order of the graphs;
// empty for graphs that print alike. Constants that are too large to be printed but differ in their data are named too.
std::string diff(const Graph& before, const Graph& after, const PrintOptions& options = {});

}  // namespace pare
