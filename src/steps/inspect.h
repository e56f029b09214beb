// What a model is made of: operators, parameters, work, memory, and how its numbers are stored.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "ir/model.h"

namespace pare {

// The constant numbers that one operator reads: weights and biases, float or quantised. Axes, shapes and the like do not count.
struct ParameterSummary {
  int64_t count = 0;
  int64_t bytes = 0;
  int64_t zeros = 0;
  std::optional<int64_t>
      distinct;  // different stored values, where one tensor holds them all and they are at most 4,096
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
};

ModelSummary inspect(const Model& model);

}  // namespace pare
