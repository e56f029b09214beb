// Convolutions with a 3 x 3 window and stride 1 in fewer multiplications, for processors with AVX-512.
//
// F(m x m, 3 x 3) of Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2016): a tile of m x m results comes from
// (m + 2)^2 products instead of 9 m^2. Tiles of the image and filters are transformed, multiplied channel by channel as (m + 2)^2 matrix
// products, and transformed back:  Y = A^T [ (G g G^T) * (B^T d B) ] A. The gradient of the filters goes the same way backwards: sums of
// outer products of transformed tiles of the image with those of the gradient, transformed back:
// dg = G^T [ sum of (B^T d B) * (A dY A^T) ] G.
#pragma once

#include <cstdint>
#include <memory>

#include "engine/avx512/gather.h"
#include "engine/avx512/pack.h"

namespace pare::avx512 {

// The extent of a tile of results. Larger tiles need fewer products and round more (winograd_tiles.h).
enum class WinogradTile { Two = 2, Four = 4 };

class Winograd {
 public:
  virtual ~Winograd() = default;

  // The filters as run() wants them, weights_elements() of them: those of the columns of vectors [begin, end) of 16.
  virtual void transform_filters(const float* weights, const WeightPlaces& places, int64_t begin, int64_t end,
                                 float* transformed) const = 0;
  int64_t weights_elements() const { return products_ * layout_.elements(); }

  // The image that run() reads: padded as the convolution asks, and filled up to whole tiles.
  const WindowGeometry& padded_geometry() const { return padded_; }
  int64_t tile_rows() const { return (geometry_.dst_h + results_ - 1) / results_; }
  // The rows of the padded image that rows of tiles [begin, end) read.
  RowRange rows_read(int64_t begin, int64_t end) const { return {results_ * begin, results_ * end + 2}; }
  size_t scratch_bytes() const {
    return static_cast<size_t>(tiles_at_once_ * products_ * (geometry_.channels + n_)) * sizeof(float);
  }

  // Rows of tiles [begin, end). `padded` is the whole padded image, `dst` and the epilogue's addend the whole result.
  virtual void run(const float* padded, const float* filters, const EpilogueF32& epilogue, int64_t begin, int64_t end,
                   std::byte* scratch, float* dst) const = 0;

  // Adds what rows of tiles [begin, end) of `ddst`, the gradient of the result, bring to the transformed gradient of the filters: a
  // matrix [n][channels] for each of the filter_gradient_matrices() elements of a transformed tile, one behind the other.
  virtual void add_filter_gradient(const float* padded, const float* ddst, int64_t begin, int64_t end,
                                   std::byte* scratch, float* sums) const = 0;
  // That gradient as [n][3][3][channels], for the filters [begin, end).
  virtual void filter_gradient(const float* sums, int64_t begin, int64_t end, float* dst) const = 0;
  int64_t filter_gradient_matrices() const { return products_; }

 protected:
  Winograd(const WindowGeometry& geometry, int64_t n, int64_t results);

  int64_t tiles_across() const { return (geometry_.dst_w + results_ - 1) / results_; }

  WindowGeometry geometry_, padded_;
  int64_t n_, results_, products_, tiles_at_once_;
  PackedF32 layout_;  // of one matrix of filters; there is one for each element of a transformed tile
};

// n and channels are multiples of 16.
std::shared_ptr<const Winograd> make_winograd(const WindowGeometry& geometry, int64_t n, WinogradTile tile);

}  // namespace pare::avx512
