// Two forms of one network, tensor by tensor and sample by sample.
#pragma once

#include <vector>

#include "eval/tensor_errors.h"
#include "steps/evaluate_models.h"

namespace pare {

struct CompareOptions {
  Engine engine = Engine::Fast;
  int threads = 1;
  int64_t tensor_samples = 32;  // the first of the view; tensors are compared on these, accuracy on all
};

struct CompareResult {
  std::vector<TensorError> tensors;          // of the second model against the first
  std::vector<ModelEvaluation> evaluations;  // of both; empty for data without a target
  std::string graph_difference;              // the text forms, see ir/diff.h
};

Expected<CompareResult> compare_models(const NamedModel& first, const NamedModel& second, const DataView& view,
                                       const CompareOptions& options);

}  // namespace pare
