#include "engine/avx512/pack.h"

#include "engine/avx512/pack_columns.h"

namespace pare::avx512 {

void pack(const float* weights, const WeightPlaces& places, const PackedF32& layout, int64_t begin, int64_t end,
          float* packed) {
  pack_columns(weights, places, layout, begin, end, packed,
               [](const __m512(&rows)[kLanes], int64_t count, int64_t step, float* out) {
                 for (int64_t i = 0; i < count; ++i) _mm512_storeu_ps(out + i * step, rows[i]);
               });
}

}  // namespace pare::avx512
