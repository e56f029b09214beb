// Brings a model into the form of the file that it is written to.
#pragma once

#include <filesystem>
#include <vector>

#include "base/error.h"
#include "ir/model.h"
#include "passes/pipeline.h"

namespace pare {

struct ConvertOptions {
  bool optimize = false;  // runs the passes on a model of the same format too; others always go through them
  PipelineOptions pipeline;
};

struct ConvertResult {
  Model model;
  std::vector<PassRecord> passes;  // empty where the model is written as it was read
};

// The model as a file of the format that the ending of `output` names holds it: .tflite. Another ending is a Usage error.
Expected<ConvertResult> convert(const Model& model, const std::filesystem::path& output, const ConvertOptions& options);

}  // namespace pare
