// Accuracy and size of model files on one data set, side by side.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "eval/evaluate.h"
#include "eval/file_size.h"
#include "eval/intervals.h"
#include "eval/latency.h"
#include "ir/model.h"

namespace pare {

struct ModelEvaluation {
  std::string model;
  Evaluation evaluation;
  FileSize size;
  std::optional<ModelLatency> latency;  // of one sample, on one thread
  // Against the first model, on the same samples; only where both are judged by classes.
  std::optional<PairedComparison> against_first;
  std::optional<double> agreement_with_first;  // share of samples with the same class
};

struct EvaluateModelsOptions {
  EvaluateOptions evaluate;
  bool latency = false;  // measures the latency as well
};

// A model with the path of its file.
struct NamedModel {
  std::string path;
  Model model;
};

// All samples of the view, every model on the same ones. An error names the model.
Expected<std::vector<ModelEvaluation>> evaluate_models(const std::vector<NamedModel>& models, const DataView& view,
                                                       const EvaluateModelsOptions& options);

}  // namespace pare
