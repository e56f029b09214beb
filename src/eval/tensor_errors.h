// Where two forms of a network begin to differ: the error of each tensor that both have.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "base/sample_source.h"
#include "engine/kernel.h"
#include "eval/metrics.h"
#include "ir/graph.h"

namespace pare {

struct TensorError {
  std::string name;
  std::string op;   // that computes it in the second graph; empty for inputs
  ErrorSums error;  // of the second against the first, as real numbers
};

// One form of the network, with the samples in the types that its inputs have.
struct ComparedGraph {
  const Graph& graph;
  SampleSource source;
  Engine engine = Engine::Fast;
};

// Runs both graphs on the same samples, one at a time, without fusing operators, and compares the tensors whose names and sizes
// agree, in the order of the second graph. Outputs are compared by position even where their names differ. Fails where the numbers
// of samples or of outputs differ.
Expected<std::vector<TensorError>> compare_tensors(const ComparedGraph& first, const ComparedGraph& second,
                                                   int threads);

}  // namespace pare
