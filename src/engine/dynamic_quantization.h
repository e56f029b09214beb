// Quantisation of float activations at run time, for kernels with integer weights ("dynamic range", "hybrid" in TFLite). The
// formulas are those of TFLite's reference kernels.
#pragma once

#include <cstdint>

namespace pare {

// real = scale * (stored - zero_point)
struct DynamicRange {
  float scale = 1;
  int32_t zero_point = 0;
};

// Symmetric: scale = max|x| / 127. Writes `count` codes in [-127, 127].
DynamicRange quantize_symmetric(const float* values, int64_t count, int8_t* codes);
// Asymmetric: the range of the values, widened to include 0, is spread over [-128, 127].
DynamicRange quantize_asymmetric(const float* values, int64_t count, int8_t* codes);

}  // namespace pare
