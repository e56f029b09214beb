#include "engine/avx512/pack.h"

#include "engine/avx512/lanes.h"
#include "engine/avx512/transpose.h"

namespace pare::avx512 {
namespace {

// Channels of one tap for 16 columns; rows of `out` are `step` apart.
void copy_rows(const float* weights, int64_t channel, int64_t channels, __mmask16 columns, int64_t step, float* out) {
  for (int64_t c = 0; c < channels; ++c)
    _mm512_storeu_ps(out + c * step, _mm512_maskz_loadu_ps(columns, weights + c * channel));
}

void turn_rows(const float* weights, int64_t column, int64_t channels, int64_t columns, int64_t step, float* out) {
  for (int64_t c = 0; c < channels; c += kLanes) {
    const __mmask16 mask = mask_of(channels - c);
    __m512 rows[kLanes];
    for (int64_t n = 0; n < kLanes; ++n)
      rows[n] = n < columns ? _mm512_maskz_loadu_ps(mask, weights + n * column + c) : _mm512_setzero_ps();
    transpose(rows);
    for (int64_t i = 0; i < std::min(kLanes, channels - c); ++i) _mm512_storeu_ps(out + (c + i) * step, rows[i]);
  }
}

}  // namespace

void pack(const float* weights, const WeightPlaces& places, const PackedF32& layout, int64_t begin, int64_t end,
          float* packed) {
  for (const PackedF32::Block& block : layout.blocks())
    for (int v = 0; v < block.vectors; ++v) {
      const int64_t first = block.first + v * kLanes, step = block.vectors * kLanes,
                    columns = std::min(kLanes, layout.n() - first);
      if (first < begin * kLanes || first >= end * kLanes) continue;
      float* out = packed + block.offset + v * kLanes;
      for (int64_t run = 0; run < places.runs; ++run)
        for (int64_t tap = 0; tap < places.taps; ++tap, out += places.channels * step) {
          const float* from = weights + places.offset + first * places.column + run * places.run + tap * places.tap;
          if (places.column == 1)
            copy_rows(from, places.channel, places.channels, mask_of(columns), step, out);
          else
            turn_rows(from, places.column, places.channels, columns, step, out);
        }
    }
}

}  // namespace pare::avx512
