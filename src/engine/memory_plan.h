// Where each value of a program lies: one arena, in which values with disjoint lifetimes share memory.
#pragma once

#include <cstddef>
#include <unordered_map>

#include "ir/graph.h"

namespace pare {

struct Placement {
  size_t offset = 0;
  size_t bytes = 0;
};

struct MemoryPlan {
  size_t arena_bytes = 0;
  std::unordered_map<const Value*, Placement> placements;  // every value that is not constant
};

// What the planner needs to know of one node, in execution order.
struct PlannedNode {
  const Node* node;
  std::vector<bool> in_place;  // by operand: result 0 may take over its memory
};

// Fails for a value that is larger than the memory of this computer: what a forged file claims. Its shape must be static.
Expected<void> check_fits_memory(const Value& value);

// Greedy by size (Pisarchyk and Lee, 2020): the largest value first, each at the lowest offset free over its whole lifetime.
// Inputs, outputs and variables live from beginning to end. With `keep_all` every value does.
MemoryPlan plan_memory(const Graph& graph, const std::vector<PlannedNode>& nodes, bool keep_all);

}  // namespace pare
