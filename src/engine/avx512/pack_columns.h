// The walk over weights that packing shares between element types. Only for files compiled with AVX-512.
#pragma once

#include "engine/avx512/lanes.h"
#include "engine/avx512/pack.h"
#include "engine/avx512/transpose.h"

namespace pare::avx512 {

// One tap's weights of `columns` (at most 16) for `count` (at most 16) channels: a register for each channel.
inline void load_channels(const float* weights, const WeightPlaces& places, int64_t columns, int64_t count,
                          __m512 (&rows)[kLanes]) {
  if (places.column == 1) {
    for (int64_t c = 0; c < kLanes; ++c)
      rows[c] = c < count ? _mm512_maskz_loadu_ps(mask_of(columns), weights + c * places.channel) : _mm512_setzero_ps();
    return;
  }
  for (int64_t n = 0; n < kLanes; ++n)
    rows[n] = n < columns ? _mm512_maskz_loadu_ps(mask_of(count), weights + n * places.column) : _mm512_setzero_ps();
  transpose(rows);
}

// Packs the columns of vectors [begin, end) of 16. store(rows, count, step, out) puts the first `count` of 16 rows, those of neighbouring
// channels, to where the product reads them; places.channels is a multiple of Packed's steps.
template <class Packed, class Element, class Store>
void pack_columns(const float* weights, const WeightPlaces& places, const Packed& layout, int64_t begin, int64_t end,
                  Element* packed, const Store& store) {
  for (const auto& block : layout.blocks())
    for (int v = 0; v < block.vectors; ++v) {
      const int64_t first = block.first + v * kLanes, step = block.vectors * kLanes,
                    columns = std::min(kLanes, layout.n() - first);
      if (first < begin * kLanes || first >= end * kLanes) continue;
      Element* out = packed + block.offset + v * kLanes * Packed::kElementsOfStep;
      for (int64_t run = 0; run < places.runs; ++run)
        for (int64_t tap = 0; tap < places.taps; ++tap, out += places.channels * step) {
          const float* from = weights + places.offset + first * places.column + run * places.run + tap * places.tap;
          for (int64_t c = 0; c < places.channels; c += kLanes) {
            const int64_t count = std::min(kLanes, places.channels - c);
            __m512 rows[kLanes];
            load_channels(from + c * places.channel, places, columns, count, rows);
            store(rows, count, step, out + c * step);
          }
        }
    }
}

}  // namespace pare::avx512
