// Depthwise convolution (one filter for each channel) on NHWC images, for processors with AVX-512.
#pragma once

#include <cstdint>
#include <vector>

#include "base/tensor.h"
#include "engine/avx512/gather.h"
#include "engine/avx512/product.h"

namespace pare::avx512 {

// How vectors of 64 bytes cover an image. A vector holds channels of one pixel or, where the channels of several pixels fill it
// exactly, those of several: with 8 float channels each vector computes two neighbouring pixels.
struct DepthwiseShape {
  DepthwiseShape(const WindowGeometry& geometry, int64_t lanes, int64_t most_pixels);

  int64_t pixels;      // in a vector
  int64_t blocks;      // vectors that cover the channels
  int64_t pixel_step;  // elements from one pixel to the next in the rows that are copied for a block
  int64_t band;        // output rows for which rows are copied at a time
  int64_t scratch;     // elements of those
};

// Filters of all channels, in float.
class DepthwiseF32 {
 public:
  static constexpr int64_t kLanes = 16;

  DepthwiseF32(const WindowGeometry& geometry, float lowest, float highest);

  // Filters and bias as run() wants them, filter_elements() floats aligned to 64 bytes. `weights` is [taps][channels], taps row by
  // row, from the last to the first where `turned`; `bias` may be null.
  void pack(const float* weights, const float* bias, bool turned, float* filters) const;
  int64_t filter_elements() const { return shape_.blocks * (static_cast<int64_t>(taps_.size()) + 1) * kLanes; }

  // Output rows [first, first + rows) of one image, written from `dst` on. `fill` is what padding holds.
  void run(const float* image, const float* filters, float fill, int64_t first, int64_t rows, float* dst,
           float* scratch) const;
  int64_t scratch_elements() const { return shape_.scratch; }

 private:
  friend struct RowsF32;
  WindowGeometry geometry_;
  DepthwiseShape shape_;
  std::vector<int64_t> taps_;  // offset of each tap from the first
  float lowest_, highest_;
};

// The same on bytes. Four taps at a time are interleaved, channel by channel, for the 8-bit dot product; the interleaving leaves
// the channels of a vector of 64 in an order that saturating packs undo, so weights, bias and scales are stored in that order.
// The last group of four repeats the first tap with weight 0 where taps are missing.
class DepthwiseI8 {
 public:
  static constexpr int64_t kLanes = 64;

  // `weights` is [taps][channels]; `epilogue` as for products of int8 rows.
  DepthwiseI8(const WindowGeometry& geometry, const int8_t* weights, const EpilogueI8& epilogue);

  void run(const int8_t* image, int8_t fill, int64_t first, int64_t rows, int8_t* dst, int8_t* scratch) const;
  int64_t scratch_elements() const { return shape_.scratch; }

 private:
  friend struct RowsI8;
  WindowGeometry geometry_;
  DepthwiseShape shape_;
  std::vector<int64_t> taps_;  // a multiple of four
  AlignedBytes weights_;       // [block][quad][4 vectors][16 channels][4 taps]
  AlignedBytes bias_;          // [block][4 vectors][16], int32
  AlignedBytes scales_;        // [block][4 vectors][16], float
  int32_t zero_point_, lowest_, highest_;
};

}  // namespace pare::avx512
