// What a user may ask of quantisation.
#pragma once

#include <string>
#include <vector>

#include "quant/plan.h"
#include "quant/range_estimate.h"

namespace pare {

struct QuantConfig {
  QuantMode mode = QuantMode::Int8;
  DType io = DType::Float32;         // float32, int8, uint8; int16 in the mode int16x8
  bool per_tensor = false;           // one scale a weight tensor instead of one a channel
  RangeOptions range;                // of activations
  std::vector<std::string> include;  // patterns of node names; empty: all
  std::vector<std::string> exclude;  // patterns of node names that stay float
  int64_t smallest_weights = 1024;   // dynamic and weight_only: tensors with fewer elements stay float
};

// The type of activations in a mode that quantises them.
inline DType activation_type(QuantMode mode) { return mode == QuantMode::Int16x8 ? DType::Int16 : DType::Int8; }

}  // namespace pare
