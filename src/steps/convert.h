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

// Whether a file of this ending takes a model that was converted like this, for commands that have long work before: an ending that
// names no format is a Usage error, as are passes for a Keras file, which takes the network as it was read.
Expected<void> check_convertible(const std::filesystem::path& output, const ConvertOptions& options);

// The model as a file of the format that the ending of `output` names holds it. For .pare, .h5 and .keras it stays as it is, for .tflite batch
// normalisation and activations are fused.
Expected<ConvertResult> convert(const Model& model, const std::filesystem::path& output, const ConvertOptions& options);

}  // namespace pare
