// The two gradients of conv_2d and of depthwise_conv_2d.
#pragma once

#include "ops/conv_2d.h"

namespace pare {

// Those of the convolution, and the extents of what is computed, which the operands do not tell: height, width and channels of the
// image (of its src), or of the window (of its weights, whose last extent they are).
struct ConvBackwardAttributes {
  Padding padding = Padding::Same;
  int64_t stride_h = 1, stride_w = 1;
  int64_t dilation_h = 1, dilation_w = 1;
  int64_t height = 1, width = 1, channels = 1;

  static ConvBackwardAttributes of(const Conv2dAttributes& forward, int64_t height, int64_t width, int64_t channels) {
    return {forward.padding, forward.stride_h, forward.stride_w, forward.dilation_h, forward.dilation_w, height,
            width,           channels};
  }

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("padding", self.padding);
    visit("stride_h", self.stride_h);
    visit("stride_w", self.stride_w);
    visit("dilation_h", self.dilation_h);
    visit("dilation_w", self.dilation_w);
    visit("height", self.height);
    visit("width", self.width);
    visit("channels", self.channels);
  }

  Window window_h(int64_t kernel) const { return {kernel, stride_h, dilation_h}; }
  Window window_w(int64_t kernel) const { return {kernel, stride_w, dilation_w}; }
};

}  // namespace pare
