#include "engine/avx512/bfloat16.h"

#include "engine/avx512/lanes.h"
#include "engine/avx512/pack_columns.h"
#include "engine/avx512/pairs.h"

namespace pare::avx512 {

void to_bfloat16(const float* from, int64_t count, BFloat16* to) {
  int64_t i = 0;
  for (; i + 2 * kLanes <= count; i += 2 * kLanes)
    _mm512_storeu_ps(to + i, reinterpret_cast<__m512>(
                                 _mm512_cvtne2ps_pbh(_mm512_loadu_ps(from + i + kLanes), _mm512_loadu_ps(from + i))));
  for (; i < count; i += kLanes) {
    const __mmask16 mask = mask_of(count - i);
    _mm256_mask_storeu_epi16(to + i, mask,
                             reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(mask, from + i))));
  }
}

void to_bfloat16_pairs(const float* a, const float* b, int64_t count, BFloat16* to) {
  for (int64_t i = 0; i < count; i += kLanes) {
    const __mmask16 mask = mask_of(count - i);
    const __m512 second = b == nullptr ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(mask, b + i);
    _mm512_mask_storeu_ps(to + 2 * i, mask, pairs_of(_mm512_maskz_loadu_ps(mask, a + i), second));
  }
}

void pack(const float* weights, const WeightPlaces& places, const PackedBF16& layout, int64_t begin, int64_t end,
          BFloat16* packed) {
  pack_columns(weights, places, layout, begin, end, packed,
               [](const __m512(&rows)[kLanes], int64_t count, int64_t step, BFloat16* out) {
                 for (int64_t i = 0; i < count; i += 2)
                   _mm512_storeu_ps(out + i * step, pairs_of(rows[i], rows[i + 1]));
               });
}

}  // namespace pare::avx512
