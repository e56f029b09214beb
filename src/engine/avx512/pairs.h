// Pairs of bfloat16 in registers. Only for files compiled with AVX-512 BF16.
#pragma once

#include <immintrin.h>

#include <cstring>

namespace pare::avx512 {

// Lane i holds a[i], and above it b[i], both rounded to nearest even.
inline __m512 pairs_of(__m512 a, __m512 b) {
  const __m512i low = _mm512_cvtepu16_epi32(reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(a)));
  const __m512i high = _mm512_cvtepu16_epi32(reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(b)));
  return _mm512_castsi512_ps(_mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
}

// One pair in every lane.
inline __m512 broadcast_pair(const void* at) {
  float pair;
  std::memcpy(&pair, at, sizeof pair);
  return _mm512_set1_ps(pair);
}

// Adds both products of each lane's pairs to its sum.
inline __m512 add_products(__m512 a, __m512 b, __m512 sum) {
  return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b));
}

}  // namespace pare::avx512
