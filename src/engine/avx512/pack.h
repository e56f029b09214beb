// Float weights into the order that products read, while running: those that training changes in each step.
#pragma once

#include "engine/avx512/product.h"

namespace pare::avx512 {

// How the weights of a convolution lie in their tensor. The one that column n multiplies with channel c of tap t (of `taps`) in
// stretch r of a row is number offset + n * column + r * run + t * tap + c * channel. Either neighbouring columns or
// neighbouring channels are neighbours in memory.
struct WeightPlaces {
  int64_t offset, column, run, tap, channel;
  int64_t runs, taps, channels;

  int64_t run_length() const { return taps * channels; }

  // Of [n][h][w][c], for the convolution itself.
  static WeightPlaces forward(int64_t h, int64_t w, int64_t c) { return {0, h * w * c, w * c, c, 1, h, w, c}; }
  // Of the same weights for the convolution that gives the gradient of its image: the window turned round, n and c exchanged.
  static WeightPlaces turned(int64_t n, int64_t h, int64_t w, int64_t c) {
    return {(h * w - 1) * c, 1, -w * c, -c, h * w * c, h, w, n};
  }
};

// Packs the columns of vectors [begin, end) of 16. The second rounds, and wants channels in pairs.
void pack(const float* weights, const WeightPlaces& places, const PackedF32& layout, int64_t begin, int64_t end,
          float* packed);
void pack(const float* weights, const WeightPlaces& places, const PackedBF16& layout, int64_t begin, int64_t end,
          BFloat16* packed);

}  // namespace pare::avx512
