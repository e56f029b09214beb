#include "engine/avx512/elementwise.h"

#include "engine/avx512/lanes.h"

namespace pare::avx512 {

void add(const int8_t* a, const int8_t* b, const SumI8& sum, int64_t count, int8_t* dst) {
  const __m512 factor_a = _mm512_set1_ps(sum.factor_a), factor_b = _mm512_set1_ps(sum.factor_b),
               offset = _mm512_set1_ps(sum.offset);
  for (int64_t i = 0; i < count; i += kLanes) {
    const __mmask16 mask = mask_of(count - i);
    const __m512 x = _mm512_cvtepi32_ps(load_i8(mask, a + i)), y = _mm512_cvtepi32_ps(load_i8(mask, b + i));
    const __m512 total = _mm512_fmadd_ps(x, factor_a, _mm512_fmadd_ps(y, factor_b, offset));
    store_i8(mask, limit(_mm512_cvtps_epi32(total), sum.lowest, sum.highest), dst + i);
  }
}

void quantize(const float* src, float scale, int32_t zero_point, int64_t count, int8_t* dst) {
  // Beyond these nothing but saturation happens, and the sum with the zero point cannot overflow.
  const __m512 bound = _mm512_set1_ps(1024.f);
  for (int64_t i = 0; i < count; i += kLanes) {
    const __mmask16 mask = mask_of(count - i);
    const __m512 steps = _mm512_div_ps(_mm512_maskz_loadu_ps(mask, src + i), _mm512_set1_ps(scale));
    const __m512 bounded = _mm512_max_ps(_mm512_min_ps(steps, bound), _mm512_sub_ps(_mm512_setzero_ps(), bound));
    store_i8(mask, limit(_mm512_add_epi32(round_half_away(bounded), _mm512_set1_epi32(zero_point)), -128, 127),
             dst + i);
  }
}

void dequantize(const int8_t* src, float scale, int32_t zero_point, int64_t count, float* dst) {
  for (int64_t i = 0; i < count; i += kLanes) {
    const __mmask16 mask = mask_of(count - i);
    const __m512i steps = _mm512_sub_epi32(load_i8(mask, src + i), _mm512_set1_epi32(zero_point));
    _mm512_mask_storeu_ps(dst + i, mask, _mm512_mul_ps(_mm512_cvtepi32_ps(steps), _mm512_set1_ps(scale)));
  }
}

Extremes extremes(const float* src, int64_t count) {
  __m512 lowest = _mm512_setzero_ps(), highest = _mm512_setzero_ps();
  for (int64_t i = 0; i < count; i += kLanes) {
    const __m512 x = _mm512_maskz_loadu_ps(mask_of(count - i), src + i);
    lowest = _mm512_min_ps(x, lowest);
    highest = _mm512_max_ps(x, highest);
  }
  return {_mm512_reduce_min_ps(lowest), _mm512_reduce_max_ps(highest)};
}

namespace {

__m512i codes(__m512 x, const DynamicRange& range) {
  const __m512 scaled = _mm512_mul_ps(x, _mm512_set1_ps(range.inverse));
  const __m512 shifted = _mm512_add_ps(scaled, _mm512_set1_ps(static_cast<float>(range.zero_point)));
  return limit(round_half_away(shifted), -128, 127);
}

}  // namespace

void quantize(const float* src, const DynamicRange& range, int64_t count, int8_t* dst) {
  for (int64_t i = 0; i < count; i += kLanes) {
    const __mmask16 mask = mask_of(count - i);
    store_i8(mask, codes(_mm512_maskz_loadu_ps(mask, src + i), range), dst + i);
  }
}

void quantize_and_restore(const float* src, const DynamicRange& range, int64_t count, float* dst) {
  for (int64_t i = 0; i < count; i += kLanes) {
    const __mmask16 mask = mask_of(count - i);
    const __m512i steps =
        _mm512_sub_epi32(codes(_mm512_maskz_loadu_ps(mask, src + i), range), _mm512_set1_epi32(range.zero_point));
    _mm512_mask_storeu_ps(dst + i, mask, _mm512_mul_ps(_mm512_cvtepi32_ps(steps), _mm512_set1_ps(range.scale)));
  }
}

}  // namespace pare::avx512
