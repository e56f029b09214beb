// What a user may ask of quantisation.
#pragma once

#include <string>
#include <vector>

#include "quant/affine.h"
#include "quant/plan.h"
#include "quant/range_estimate.h"

namespace pare {

// Other bits for the operators whose name matches a pattern; 0 leaves what is asked of all.
struct LayerBits {
  std::string pattern;
  int weights = 0, activations = 0;
};

struct QuantConfig;
// What is asked of the operator of this name by itself; 0 where nothing is.
LayerBits bits_asked_of(const QuantConfig& config, const std::string& name);
// Of the weights of the operator of this name.
int weight_bits_of(const QuantConfig& config, const std::string& name);

// A range that is not estimated: of the values whose name matches a pattern.
struct FixedRange {
  std::string pattern;
  Range range;
};

struct QuantConfig {
  QuantMode mode = QuantMode::Int8;
  DType io = DType::Float32;         // float32, int8, uint8; int16 in the mode int16x8
  bool per_tensor = false;           // one scale a weight tensor instead of one a channel
  int scale_bits = kFloatBits;       // significant bits of scales: fewer take less room where a file is compressed
  RangeOptions range;                // of activations
  int weight_bits = 8;               // 2 to 8
  int activation_bits = 8;           // 2 to 8, of what weights are multiplied with; int16x8 has 16
  std::vector<LayerBits> layers;     // the last that matches counts
  std::vector<FixedRange> fixed;     // likewise
  std::vector<std::string> include;  // patterns of node names; empty: all
  std::vector<std::string> exclude;  // patterns of node names that stay float
  int64_t smallest_weights = 1024;   // dynamic and weight_only: tensors with fewer elements stay float
};

// "stem*=w8a8": a pattern and bits of weights, of activations or of both. Fails with Usage for another form.
Expected<LayerBits> parse_layer_bits(const std::string& text);
// "conv1=-1:1": a pattern and both ends of a range. Fails with Usage for another form.
Expected<FixedRange> parse_fixed_range(const std::string& text);

// The type of activations in a mode that quantises them.
inline DType activation_type(QuantMode mode) { return mode == QuantMode::Int16x8 ? DType::Int16 : DType::Int8; }

}  // namespace pare
