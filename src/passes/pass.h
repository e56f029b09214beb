// A pass rewrites a graph and keeps what it computes. One pass a file.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "ir/graph.h"

namespace pare {

// Computes the results of a node whose operands are all constant. The engine's evaluate() is one.
using Evaluator = std::function<Expected<std::vector<Tensor>>(const Node&)>;

struct Pass {
  std::string_view name;     // verb_object, as the file and the function
  std::string_view summary;  // one line
  // Returns the number of changes; a second run on its result makes none.
  Expected<size_t> (*run)(Graph& graph, const Evaluator& evaluate);
};

}  // namespace pare
