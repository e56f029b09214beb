// Convolutions with a 3 x 3 window and stride 1 in fewer multiplications, for processors with AVX-512.
//
// F(2x2, 3x3) of Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2016): a tile of 2 x 2 results comes from 16
// products instead of 36. Tiles of the image and filters are transformed, multiplied channel by channel as 16 matrix products, and
// transformed back:  Y = A^T [ (G g G^T) * (B^T d B) ] A. The gradient of the filters goes the same way backwards: sums of outer products of
// transformed tiles of the image with those of the gradient, transformed back:  dg = G^T [ sum of (B^T d B) * (A dY A^T) ] G.
#pragma once

#include <cstdint>

#include "engine/avx512/gather.h"
#include "engine/avx512/pack.h"

namespace pare::avx512 {

class WinogradF32 {
 public:
  // n and channels are multiples of 16.
  WinogradF32(const WindowGeometry& geometry, int64_t n);

  // The filters as run() wants them, weights_elements() of them: those of the columns of vectors [begin, end) of 16.
  void transform_filters(const float* weights, const WeightPlaces& places, int64_t begin, int64_t end,
                         float* transformed) const;
  int64_t weights_elements() const;

  // The image that run() reads: padded as the convolution asks, and filled up to whole tiles.
  const WindowGeometry& padded_geometry() const { return padded_; }
  int64_t tile_rows() const { return (geometry_.dst_h + 1) / 2; }
  size_t scratch_bytes() const;

  // Rows of tiles [begin, end). `padded` is the whole padded image, `dst` and the epilogue's addend the whole result.
  void run(const float* padded, const float* filters, const EpilogueF32& epilogue, int64_t begin, int64_t end,
           std::byte* scratch, float* dst) const;

  // Adds what rows of tiles [begin, end) of `ddst`, the gradient of the result, bring to the transformed gradient of the filters: 16
  // matrices [n][channels], one behind the other.
  void add_filter_gradient(const float* padded, const float* ddst, int64_t begin, int64_t end, std::byte* scratch,
                           float* sums) const;
  // That gradient as [n][3][3][channels], for the filters [begin, end).
  void filter_gradient(const float* sums, int64_t begin, int64_t end, float* dst) const;
  int64_t filter_gradient_elements() const { return 16 * n_ * geometry_.channels; }

 private:
  // Tiles [first, first + count) of the image, counted row by row.
  void transform_tiles(const float* padded, int64_t first, int64_t count, float* transformed) const;
  void transform_back(const float* products, const EpilogueF32& epilogue, int64_t first, int64_t count,
                      float* dst) const;
  void transform_gradients(const float* ddst, int64_t first, int64_t count, float* transformed) const;

  WindowGeometry geometry_, padded_;
  int64_t n_, tiles_at_once_;
  PackedF32 layout_;  // of one matrix of filters; there is one for each of the 16 elements of a transformed tile
};

}  // namespace pare::avx512
