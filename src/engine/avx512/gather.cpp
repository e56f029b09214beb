#include "engine/avx512/gather.h"

#include "engine/avx512/bfloat16.h"

#include <algorithm>
#include <cstring>

namespace pare::avx512 {

WindowGeometry window_geometry(const Shape& src, const Shape& dst, const Window& h, const Window& w, Padding padding) {
  return {src[1],
          src[2],
          src[3],
          dst[1],
          dst[2],
          h,
          w,
          padding_extents(src[1], dst[1], h, padding),
          padding_extents(src[2], dst[2], w, padding)};
}

GatherPlan::GatherPlan(const WindowGeometry& g) {
  const int64_t row = g.padded_w() * g.channels;
  for (int64_t y = 0; y < g.dst_h; ++y)
    for (int64_t x = 0; x < g.dst_w; ++x) rows.push_back(y * g.h.stride * row + x * g.w.stride * g.channels);
  // Pixels under one window row are neighbours unless the window is dilated.
  const bool joined = g.w.dilation == 1;
  run_length = joined ? g.w.kernel * g.channels : g.channels;
  for (int64_t i = 0; i < g.h.kernel; ++i)
    for (int64_t j = 0; j < (joined ? 1 : g.w.kernel); ++j)
      runs.push_back(i * g.h.dilation * row + j * g.w.dilation * g.channels);
}

RowRange rows_read(const WindowGeometry& g, int64_t first, int64_t last) {
  return {first * g.h.stride, std::min(g.padded_h(), (last - 1) * g.h.stride + g.h.span())};
}

template <class Element>
void pad_rows(const WindowGeometry& g, const Element* image, Element fill, RowRange rows, Element* padded) {
  const int64_t row = g.padded_w() * g.channels, left = g.pad_w.before * g.channels, right = g.pad_w.after * g.channels;
  for (int64_t y = rows.begin; y < rows.end; ++y, padded += row) {
    const int64_t src_y = y - g.pad_h.before;
    if (src_y < 0 || src_y >= g.src_h) {
      std::fill(padded, padded + row, fill);
      continue;
    }
    std::fill(padded, padded + left, fill);
    std::memcpy(padded + left, image + src_y * g.src_w * g.channels,
                static_cast<size_t>(g.src_w * g.channels) * sizeof(Element));
    std::fill(padded + row - right, padded + row, fill);
  }
}

template void pad_rows(const WindowGeometry&, const float*, float, RowRange, float*);
template void pad_rows(const WindowGeometry&, const BFloat16*, BFloat16, RowRange, BFloat16*);
template void pad_rows(const WindowGeometry&, const int8_t*, int8_t, RowRange, int8_t*);

}  // namespace pare::avx512
