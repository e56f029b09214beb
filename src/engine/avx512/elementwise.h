// Element-wise operators from and to bytes, for processors with AVX-512.
#pragma once

#include <cstdint>

#include "engine/dynamic_quantization.h"

namespace pare::avx512 {

// dst[i] = limit(round(a[i] * factor_a + b[i] * factor_b + offset)), halves to even.
struct SumI8 {
  float factor_a, factor_b, offset;
  int32_t lowest, highest;
};
void add(const int8_t* a, const int8_t* b, const SumI8& sum, int64_t count, int8_t* dst);

// dst[i] = saturate(round(src[i] / scale) + zero_point), halves away from zero. NaN becomes an end of the range.
void quantize(const float* src, float scale, int32_t zero_point, int64_t count, int8_t* dst);

// dst[i] = (src[i] - zero_point) * scale
void dequantize(const int8_t* src, float scale, int32_t zero_point, int64_t count, float* dst);

// The ends of the range of the values and 0.
struct Extremes {
  float lowest, highest;
};
Extremes extremes(const float* src, int64_t count);

// dst[i] = saturate(round(zero_point + src[i] * inverse)), halves away from zero: see engine/dynamic_quantization.h.
void quantize(const float* src, const DynamicRange& range, int64_t count, int8_t* dst);
// The real numbers that those codes stand for.
void quantize_and_restore(const float* src, const DynamicRange& range, int64_t count, float* dst);

}  // namespace pare::avx512
