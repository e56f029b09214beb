// The walk over the rows of an image that depthwise kernels of every element type share. Rows supplies
//   Element, Kernel (a class with geometry_ and shape_)
//   one_pixel(kernel, block, src, count, src_step, channels, dst, dst_step): `count` pixels, one after the other, of one channel block
//   several_pixels(kernel, src, count, src_step, part, dst): `count` vectors of several pixels, which lie `part` elements apart
#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/avx512/depthwise.h"

namespace pare::avx512 {

template <class Rows>
void depthwise_row(const typename Rows::Kernel& kernel, const WindowGeometry& g, const DepthwiseShape& shape, const typename Rows::Element* src,
                   typename Rows::Element* dst) {
  constexpr int64_t kLanes = Rows::Kernel::kLanes;
  const int64_t pixel_step = g.w.stride * g.channels;
  if (shape.pixels == 1 || g.dst_w < shape.pixels) {
    for (int64_t block = 0; block < (g.channels + kLanes - 1) / kLanes; ++block) {
      const int64_t channel = block * kLanes;
      Rows::one_pixel(kernel, block, src + channel, g.dst_w, pixel_step, std::min(kLanes, g.channels - channel), dst + channel, g.channels);
    }
    return;
  }
  // Whole vectors of several pixels; the last one overlaps the one before it.
  const int64_t whole = g.dst_w / shape.pixels;
  Rows::several_pixels(kernel, src, whole, shape.pixels * pixel_step, pixel_step, dst);
  if (const int64_t last = g.dst_w - shape.pixels; whole * shape.pixels < g.dst_w)
    Rows::several_pixels(kernel, src + last * pixel_step, 1, 0, pixel_step, dst + last * g.channels);
}

template <class Rows>
void depthwise_rows(const typename Rows::Kernel& kernel, const WindowGeometry& g, const DepthwiseShape& shape, const typename Rows::Element* padded,
                    int64_t rows, typename Rows::Element* dst) {
  const int64_t src_row = g.padded_w() * g.channels;
  for (int64_t y = 0; y < rows; ++y)
    depthwise_row<Rows>(kernel, g, shape, padded + y * g.h.stride * src_row, dst + y * g.dst_w * g.channels);
}

// Offsets of all taps of the window from its first element.
inline std::vector<int64_t> tap_offsets(const WindowGeometry& g) {
  std::vector<int64_t> taps;
  for (int64_t i = 0; i < g.h.kernel; ++i)
    for (int64_t j = 0; j < g.w.kernel; ++j) taps.push_back((i * g.h.dilation * g.padded_w() + j * g.w.dilation) * g.channels);
  return taps;
}

}  // namespace pare::avx512
