// Inference on arrays.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "data/npy.h"
#include "engine/kernel.h"
#include "ir/model.h"

namespace pare {

struct RunOptions {
  Engine engine = Engine::Fast;
  int threads = 1;
  int64_t batch = 0;      // samples computed together; 0: as many as suit the cache
  std::string signature;  // whose graph and names are used; empty: the main graph
  bool keep_tensors = false;
};

struct RunResult {
  std::vector<NamedTensor> outputs;  // by the names of the signature, or else of the tensors
  // Every computed tensor, named "<position among the graph's tensors>:<name>"; the position is that of the file. Only with
  // keep_tensors, which computes all samples at once.
  std::vector<NamedTensor> tensors;
};

// `inputs` has one array for each input, by name; a single array without a name goes to a single input. The batch comes first, and
// is free for a model that has a symbolic batch; for one of fixed batch it is a multiple of that. Fails for missing, unknown or
// wrongly shaped arrays and for other element types than the model's.
Expected<RunResult> run_model(const Model& model, const std::vector<NamedTensor>& inputs, const RunOptions& options);

}  // namespace pare
