// Small steps on 16 lanes that several kernels take. Only for files compiled with AVX-512.
#pragma once

#include <immintrin.h>

#include <algorithm>
#include <cstdint>

namespace pare::avx512 {

inline constexpr int64_t kLanes = 16;

// The first `left` lanes, all 16 where there are more.
inline __mmask16 mask_of(int64_t left) { return static_cast<__mmask16>((1u << std::min(left, kLanes)) - 1); }

inline __m512i load_i8(__mmask16 mask, const int8_t* at) {
  return _mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(mask, at));
}
inline void store_i8(__mmask16 mask, __m512i x, int8_t* at) { _mm_mask_storeu_epi8(at, mask, _mm512_cvtepi32_epi8(x)); }

inline __m512i limit(__m512i x, int32_t lowest, int32_t highest) {
  return _mm512_min_epi32(_mm512_max_epi32(x, _mm512_set1_epi32(lowest)), _mm512_set1_epi32(highest));
}

inline __m512i round_half_away(__m512 x) {
  const __m512 sign = _mm512_and_ps(x, _mm512_set1_ps(-0.f));
  return _mm512_cvttps_epi32(_mm512_add_ps(x, _mm512_or_ps(sign, _mm512_set1_ps(0.5f))));
}

}  // namespace pare::avx512
