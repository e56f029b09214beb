// The walk over rows and channels that depthwise kernels of every element type share. Rows supplies
//   Element, Kernel (a class with geometry_ and shape_)
//   one_pixel(kernel, block, channels, strip): vectors of one pixel, the channels of one block
//   several_pixels(kernel, part, strip): vectors of several pixels, which lie `part` elements apart
#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/avx512/depthwise.h"

namespace pare::avx512 {

// Output vectors in `rows` rows of `count`, and where they are read and written. Steps are in elements.
template <class Element>
struct Strip {
  const Element* src;
  Element* dst;
  int64_t count, rows;
  int64_t src_step, dst_step;          // from one vector to the next
  int64_t src_row_step, dst_row_step;  // from one row to the next
};

template <class Rows>
void depthwise_rows(const typename Rows::Kernel& kernel, const WindowGeometry& g, const DepthwiseShape& shape,
                    const typename Rows::Element* padded, int64_t rows, typename Rows::Element* dst) {
  constexpr int64_t kLanes = Rows::Kernel::kLanes;
  const int64_t pixel_step = g.w.stride * g.channels, src_row = g.h.stride * g.padded_w() * g.channels,
                dst_row = g.dst_w * g.channels;
  if (shape.pixels == 1 || g.dst_w < shape.pixels) {
    for (int64_t block = 0; block < (g.channels + kLanes - 1) / kLanes; ++block) {
      const int64_t channel = block * kLanes;
      Rows::one_pixel(kernel, block, std::min(kLanes, g.channels - channel),
                      {padded + channel, dst + channel, g.dst_w, rows, pixel_step, g.channels, src_row, dst_row});
    }
    return;
  }
  // Whole vectors of several pixels; the last one overlaps the one before it.
  const int64_t whole = g.dst_w / shape.pixels, step = shape.pixels * pixel_step;
  Rows::several_pixels(kernel, pixel_step, {padded, dst, whole, rows, step, kLanes, src_row, dst_row});
  if (const int64_t last = g.dst_w - shape.pixels; whole * shape.pixels < g.dst_w)
    Rows::several_pixels(
        kernel, pixel_step,
        {padded + last * pixel_step, dst + last * g.channels, 1, rows, step, kLanes, src_row, dst_row});
}

// Offsets of all taps of the window from its first element.
inline std::vector<int64_t> tap_offsets(const WindowGeometry& g) {
  std::vector<int64_t> taps;
  for (int64_t i = 0; i < g.h.kernel; ++i)
    for (int64_t j = 0; j < g.w.kernel; ++j)
      taps.push_back((i * g.h.dilation * g.padded_w() + j * g.w.dilation) * g.channels);
  return taps;
}

}  // namespace pare::avx512
