// Passes in order.
#pragma once

#include <set>
#include <span>
#include <string>

#include "ir/attributes.h"
#include "passes/pass.h"

namespace pare {

std::span<const Pass> all_passes();
const Pass* find_pass(std::string_view name);  // null when unknown

enum class Pipeline {
  Canonical,  // the form that inference and quantisation start from: folded, fused, float
  Trainable,  // the same with batch normalisations apart that Canonical folds into the weights in front of them
  ForTflite,  // Canonical with what TFLite lacks expanded; what is quantised stays so
};
template <>
struct EnumNames<Pipeline> {
  static constexpr std::array<std::string_view, 3> names{"canonical", "trainable", "for_tflite"};
};
std::vector<const Pass*> passes_of(Pipeline pipeline);

struct PipelineOptions {
  std::set<std::string> disabled;  // names of passes to leave out; an unknown one is an error
  bool verify = true;              // verifies the graph after each pass that changed something
};

struct PassRecord {
  std::string_view pass;
  size_t changes = 0;
  double milliseconds = 0;
};

// Runs the passes in turn, again and again until none changes anything. An error names the pass.
Expected<std::vector<PassRecord>> run_passes(Graph& graph, std::span<const Pass* const> passes,
                                             const Evaluator& evaluate, const PipelineOptions& options = {});
Expected<std::vector<PassRecord>> run_pipeline(Graph& graph, Pipeline pipeline, const Evaluator& evaluate,
                                               const PipelineOptions& options = {});

}  // namespace pare
