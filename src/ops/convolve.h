// What the plain kernels of conv_2d and depthwise_conv_2d share.
#pragma once

#include "base/shape.h"
#include "ops/window.h"

namespace pare {

// Everything about one convolution that the loops need. Channels fall into groups: an output channel reads the `group_c` input
// channels of its group.
struct ConvolutionGeometry {
  ConvolutionGeometry(const Shape& src, const Shape& dst, int64_t channels_in_group, const Window& window_h,
                      const Window& window_w, Padding padding)
      : batch(src[0]),
        src_h(src[1]),
        src_w(src[2]),
        src_c(src[3]),
        dst_h(dst[1]),
        dst_w(dst[2]),
        dst_c(dst[3]),
        group_c(channels_in_group),
        channels_per_group(dst_c / (src_c / group_c)),
        h(window_h),
        w(window_w),
        pad_h(padding_extents(src_h, dst_h, h, padding)),
        pad_w(padding_extents(src_w, dst_w, w, padding)) {}

  int64_t groups() const { return src_c / group_c; }

  int64_t batch, src_h, src_w, src_c, dst_h, dst_w, dst_c, group_c, channels_per_group;
  Window h, w;
  PaddingExtents pad_h, pad_w;
};

// Calls visit(tap, offset of the pixel in the image) for each position t = i * width + j of the window at (y, x) that lies in the image.
template <class Visit>
void for_each_tap(const ConvolutionGeometry& g, int64_t y, int64_t x, Visit visit) {
  for (int64_t i = 0; i < g.h.kernel; ++i) {
    const int64_t src_y = y * g.h.stride + i * g.h.dilation - g.pad_h.before;
    if (src_y < 0 || src_y >= g.src_h) continue;
    for (int64_t j = 0; j < g.w.kernel; ++j) {
      const int64_t src_x = x * g.w.stride + j * g.w.dilation - g.pad_w.before;
      if (src_x >= 0 && src_x < g.src_w) visit(i * g.w.kernel + j, (src_y * g.src_w + src_x) * g.src_c);
    }
  }
}

// Where the weight of output channel o, window position t = i * width + j and input channel c of the group lies:
// o * channel_stride + t * tap_stride + c.
struct WeightStrides {
  int64_t channel_stride, tap_stride;
};

// The loops of conv_2d and depthwise_conv_2d, see ops/weighted_kernels.h. Padding contributes nothing.
struct ConvolutionLoops {
  ConvolutionLoops(const ConvolutionGeometry& geometry, WeightStrides weight_strides)
      : g(geometry),
        strides(weight_strides),
        samples(g.batch),
        src_elements(g.src_h * g.src_w * g.src_c),
        dst_elements(g.dst_h * g.dst_w * g.dst_c) {}

  template <class Sum, class Src, class Weight, class Term, class Finish>
  void run(const Src* src, const Weight* weights, Term term, Finish finish) const {
    int64_t at = 0;
    for (int64_t y = 0; y < g.dst_h; ++y)
      for (int64_t x = 0; x < g.dst_w; ++x)
        for (int64_t o = 0; o < g.dst_c; ++o, ++at) {
          Sum sum = 0;
          const int64_t first_channel = o / g.channels_per_group * g.group_c;
          for_each_tap(g, y, x, [&](int64_t tap, int64_t offset) {
            const Src* pixel = src + offset + first_channel;
            const Weight* filter = weights + o * strides.channel_stride + tap * strides.tap_stride;
            for (int64_t c = 0; c < g.group_c; ++c) sum += term(pixel[c], filter[c]);
          });
          finish(at, o, sum);
        }
  }

  ConvolutionGeometry g;
  WeightStrides strides;
  int64_t samples, src_elements, dst_elements;
};

}  // namespace pare
