#include "engine/avx512/gather.h"

#include <algorithm>
#include <cstring>

namespace pare::avx512 {

WindowGeometry window_geometry(const Shape& src, const Shape& dst, const Window& h, const Window& w, Padding padding) {
  return {src[1], src[2], src[3], dst[1], dst[2], h, w, padding_extents(src[1], dst[1], h, padding), padding_extents(src[2], dst[2], w, padding)};
}

GatherPlan::GatherPlan(const WindowGeometry& g) {
  const int64_t row = g.padded_w() * g.channels;
  for (int64_t y = 0; y < g.dst_h; ++y)
    for (int64_t x = 0; x < g.dst_w; ++x) rows.push_back(y * g.h.stride * row + x * g.w.stride * g.channels);
  // Pixels under one window row are neighbours unless the window is dilated.
  const bool joined = g.w.dilation == 1;
  run_length = joined ? g.w.kernel * g.channels : g.channels;
  for (int64_t i = 0; i < g.h.kernel; ++i)
    for (int64_t j = 0; j < (joined ? 1 : g.w.kernel); ++j) runs.push_back(i * g.h.dilation * row + j * g.w.dilation * g.channels);
}

template <class Element>
void pad_image(const WindowGeometry& g, const Element* src, Element fill, int64_t first, int64_t last, Element* padded) {
  const int64_t row = g.padded_w() * g.channels, left = g.pad_w.before * g.channels, right = g.pad_w.after * g.channels;
  const int64_t begin = first * g.h.stride, end = std::min(g.padded_h(), (last - 1) * g.h.stride + g.h.span());
  for (int64_t y = begin; y < end; ++y) {
    Element* out = padded + y * row;
    const int64_t src_y = y - g.pad_h.before;
    if (src_y < 0 || src_y >= g.src_h) {
      std::fill(out, out + row, fill);
      continue;
    }
    std::fill(out, out + left, fill);
    std::memcpy(out + left, src + src_y * g.src_w * g.channels, static_cast<size_t>(g.src_w * g.channels) * sizeof(Element));
    std::fill(out + row - right, out + row, fill);
  }
}

template void pad_image(const WindowGeometry&, const float*, float, int64_t, int64_t, float*);
template void pad_image(const WindowGeometry&, const int8_t*, int8_t, int64_t, int64_t, int8_t*);

}  // namespace pare::avx512
