// Quantisation of float activations at run time, for kernels with integer weights ("dynamic range", "hybrid" in TFLite). The
// formulas are those of TFLite's reference kernels.
#pragma once

#include <cstdint>

namespace pare {

// real = scale * (stored - zero_point)
struct DynamicRange {
  float scale = 1;
  int32_t zero_point = 0;
  float inverse = 0;  // of the scale; 0 where every value is 0, and then every code is
};

// scale = largest / 127, where `largest` is the largest magnitude. Codes lie in [-127, 127].
DynamicRange symmetric_range(float largest);
// Spreads [lowest, highest], which includes 0, over [-128, 127].
DynamicRange asymmetric_range(float lowest, float highest);

// Both find the range of the values (widened to include 0) and write `count` codes.
DynamicRange quantize_symmetric(const float* values, int64_t count, int8_t* codes);
DynamicRange quantize_asymmetric(const float* values, int64_t count, int8_t* codes);

}  // namespace pare
