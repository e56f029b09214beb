// Element-wise operators on bytes, for processors with AVX-512.
#pragma once

#include <cstdint>

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

}  // namespace pare::avx512
