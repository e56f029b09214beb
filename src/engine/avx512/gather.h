// Where the rows of a convolution's left matrix lie: the address arithmetic between an NHWC image and a product of gathered rows.
#pragma once

#include <cstdint>
#include <vector>

#include "base/plausible_shape.h"
#include "ops/window.h"

namespace pare::avx512 {

// The geometry of a sliding window over one image of H x W pixels with C channels.
struct WindowGeometry {
  int64_t src_h, src_w, channels;
  int64_t dst_h, dst_w;
  Window h, w;
  PaddingExtents pad_h, pad_w;

  bool is_padded() const { return pad_h.before + pad_h.after + pad_w.before + pad_w.after > 0; }
  // A window of one pixel that visits every pixel: the image is the matrix.
  bool is_identity() const { return h.kernel == 1 && w.kernel == 1 && h.stride == 1 && w.stride == 1 && !is_padded(); }
  int64_t padded_h() const { return src_h + pad_h.before + pad_h.after; }
  int64_t padded_w() const { return src_w + pad_w.before + pad_w.after; }
  int64_t padded_elements() const { return plausible_product(plausible_product(padded_h(), padded_w()), channels); }
};

WindowGeometry window_geometry(const Shape& src, const Shape& dst, const Window& h, const Window& w, Padding padding);

// Offsets, in elements, into one image whose rows are `padded_w` pixels of `channels` elements.
struct GatherPlan {
  explicit GatherPlan(const WindowGeometry& geometry);

  std::vector<int64_t> rows;  // of the window of each output pixel
  std::vector<int64_t> runs;  // of each contiguous stretch inside a window
  int64_t run_length;         // elements of a stretch
};

// Image rows, padding included, that output rows [first, last) read.
struct RowRange {
  int64_t begin, end;
};
RowRange rows_read(const WindowGeometry& g, int64_t first, int64_t last);

// Copies those rows of an image to `padded`, one behind the other, with `fill` where there is padding.
template <class Element>
void pad_rows(const WindowGeometry& g, const Element* image, Element fill, RowRange rows, Element* padded);

}  // namespace pare::avx512
