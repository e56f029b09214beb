// The walk over rows and channels that depthwise kernels of every element type share. Rows supplies
//   Element, Kernel (a class with shape_)
//   kFlip: what is exclusive-ored into the bytes on the way (0x80 makes them unsigned), or 0
//   one_pixel(kernel, block, channels, strip): vectors of one pixel, the channels of one block
//   several_pixels(kernel, part, strip): vectors of several pixels, which lie `part` elements apart
#pragma once

#include <immintrin.h>

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

// Copies `count` vectors that are `src_step` elements apart; lanes beyond `mask` (of bytes) become zero.
template <class Rows>
void copy_vectors(const typename Rows::Element* src, int64_t src_step, int64_t count, __mmask64 mask,
                  typename Rows::Element* dst) {
  const __m512i flip = _mm512_set1_epi8(Rows::kFlip);
  const auto copy = [&](auto load) {
    for (int64_t i = 0; i < count; ++i, src += src_step, dst += Rows::Kernel::kLanes)
      _mm512_storeu_si512(dst, Rows::kFlip == 0 ? load(src) : _mm512_xor_si512(load(src), flip));
  };
  if (mask == ~__mmask64{0})
    copy([](const void* at) { return _mm512_loadu_si512(at); });
  else
    copy([mask](const void* at) { return _mm512_maskz_loadu_epi8(mask, at); });
}

template <class Rows>
__mmask64 mask_of_elements(int64_t count) {
  const int64_t bytes = count * static_cast<int64_t>(sizeof(typename Rows::Element));
  return bytes >= 64 ? ~__mmask64{0} : (__mmask64{1} << bytes) - 1;
}

// Copies the given rows of the padded image, for the channels of one block, so that they lie close together: image pixels are often
// a power of two apart, where the sets of a cache are few.
template <class Rows>
void copy_block(const WindowGeometry& g, const DepthwiseShape& shape, const typename Rows::Element* image,
                typename Rows::Element fill, RowRange rows, int64_t channels, typename Rows::Element* copied) {
  constexpr int64_t kLanes = Rows::Kernel::kLanes;
  const int64_t row = g.padded_w() * shape.pixel_step, left = g.pad_w.before * shape.pixel_step,
                right = g.pad_w.after * shape.pixel_step;
  for (int64_t y = rows.begin; y < rows.end; ++y, copied += row) {
    const int64_t src_y = y - g.pad_h.before;
    if (src_y < 0 || src_y >= g.src_h) {
      std::fill(copied, copied + row, fill);
      continue;
    }
    const auto* src = image + src_y * g.src_w * g.channels;
    std::fill(copied, copied + left, fill);
    if (shape.pixels > 1) {
      const int64_t whole = g.src_w * g.channels / kLanes, rest = g.src_w * g.channels % kLanes;
      copy_vectors<Rows>(src, kLanes, whole, ~__mmask64{0}, copied + left);
      copy_vectors<Rows>(src + whole * kLanes, 0, rest > 0, mask_of_elements<Rows>(rest),
                         copied + left + whole * kLanes);
    } else {
      copy_vectors<Rows>(src, g.channels, g.src_w, mask_of_elements<Rows>(channels), copied + left);
    }
    std::fill(copied + row - right, copied + row, fill);
  }
}

// Output rows [first, first + rows) of one image; `dst` is the first of them.
template <class Rows>
void depthwise_rows(const typename Rows::Kernel& kernel, const WindowGeometry& g, const DepthwiseShape& shape,
                    const typename Rows::Element* image, typename Rows::Element fill, int64_t first, int64_t rows,
                    typename Rows::Element* dst, typename Rows::Element* scratch) {
  using Element = typename Rows::Element;
  constexpr int64_t kLanes = Rows::Kernel::kLanes;
  const int64_t vector_step = g.w.stride * shape.pixel_step, src_row = g.h.stride * g.padded_w() * shape.pixel_step,
                dst_row = g.dst_w * g.channels;
  const auto flipped = static_cast<Element>(Rows::kFlip == 0 ? fill : static_cast<int>(fill) ^ Rows::kFlip);
  for (int64_t done = 0; done < rows; done += shape.band) {
    const int64_t here = std::min(shape.band, rows - done);
    const RowRange read = rows_read(g, first + done, first + done + here);
    Element* out = dst + done * dst_row;
    if (shape.pixels > 1) {  // whole vectors of several pixels; the last one overlaps the one before it
      copy_block<Rows>(g, shape, image, flipped, read, g.channels, scratch);
      const int64_t whole = g.dst_w / shape.pixels, step = shape.pixels * vector_step, last = g.dst_w - shape.pixels;
      Rows::several_pixels(kernel, vector_step, {scratch, out, whole, here, step, kLanes, src_row, dst_row});
      if (whole * shape.pixels < g.dst_w)
        Rows::several_pixels(
            kernel, vector_step,
            {scratch + last * vector_step, out + last * g.channels, 1, here, step, kLanes, src_row, dst_row});
      continue;
    }
    for (int64_t block = 0; block < shape.blocks; ++block) {
      const int64_t channel = block * kLanes, channels = std::min(kLanes, g.channels - channel);
      copy_block<Rows>(g, shape, image + channel, flipped, read, channels, scratch);
      Rows::one_pixel(kernel, block, channels,
                      {scratch, out + channel, g.dst_w, here, vector_step, g.channels, src_row, dst_row});
    }
  }
}

// Offsets of all taps of the window from its first element, in copied rows.
inline std::vector<int64_t> tap_offsets(const WindowGeometry& g, const DepthwiseShape& shape) {
  std::vector<int64_t> taps;
  for (int64_t i = 0; i < g.h.kernel; ++i)
    for (int64_t j = 0; j < g.w.kernel; ++j)
      taps.push_back((i * g.h.dilation * g.padded_w() + j * g.w.dilation) * shape.pixel_step);
  return taps;
}

}  // namespace pare::avx512
