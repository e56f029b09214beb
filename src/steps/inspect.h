// What a model is made of: operators, parameters, work, memory, and how its numbers are stored.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "compress/weight_statistics.h"
#include "ir/model.h"

namespace pare {

// The constant numbers that one operator reads: weights and biases, float or quantised. Axes, shapes and the like do not count.
struct ParameterSummary {
  int64_t count = 0;
  int64_t bytes = 0;
  int64_t zeros = 0;
  std::optional<int64_t> distinct;  // different stored values of the largest tensor, the weights
  int64_t entropy_bytes = 0;        // what coding single values can reach, as in WeightStatistics
};

struct LayerSummary {
  std::string name;
  std::string op;
  std::string src, dst;  // types of the first operand and result, one sample a batch
  ParameterSummary parameters;
  std::optional<int64_t> multiply_adds;  // of one sample; nothing where a shape is known only at run time
  std::string storage;                   // "f32", "i8 x i8 per channel", "f32 x i8", ...
};

// Constants of one element type and kind of quantisation.
struct StorageSummary {
  std::string kind;  // "f32", "i8 per channel", "i32 per tensor", "i4 in blocks"
  int64_t tensors = 0, elements = 0, bytes = 0;
};

// A tensor of weights: parameters that more than one axis tells apart.
struct WeightsSummary {
  std::string name;
  std::string shape;
  std::string kind;  // "f32", "i8 per channel"
  WeightStatistics statistics;
  std::optional<int64_t> gzip_bytes;
};

struct PortSummary {
  std::string name;
  std::string type;
};

struct ModelSummary {
  std::string path, format, description;
  std::vector<PortSummary> inputs, outputs;
  std::vector<std::string> signatures;
  size_t graphs = 1;
  std::map<std::string, int64_t> operators;  // how often each occurs in the main graph
  ParameterSummary parameters;               // each shared tensor once
  std::optional<int64_t> multiply_adds;      // of one sample
  int64_t quantized_operators = 0;           // whose first result is stored as quantised integers
  std::vector<StorageSummary> storage;
  std::optional<int64_t> arena_bytes;  // activations at batch 1, planned; nothing where the engine cannot run the model
  std::string not_runnable;            // why not
  std::vector<LayerSummary> layers;    // in the order of execution, of the main graph
  std::vector<WeightsSummary> weights;
  std::optional<int64_t> file_bytes, file_gzip_bytes;
};

struct InspectOptions {
  bool gzip = false;  // compresses the file and each tensor of weights by itself, for the sizes: a second for 20 MB
  int threads = 1;
};

ModelSummary inspect(const Model& model, const InspectOptions& options = {});

}  // namespace pare
