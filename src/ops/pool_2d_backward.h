// The gradients of poolings.
#pragma once

#include "ops/pool_2d.h"

namespace pare {

// Those of the pooling, and the height and width of its src.
struct Pool2dBackwardAttributes {
  Padding padding = Padding::Valid;
  int64_t window_h = 1, window_w = 1;
  int64_t stride_h = 1, stride_w = 1;
  int64_t height = 1, width = 1;

  static Pool2dBackwardAttributes of(const Pool2dAttributes& forward, const Shape& src) {
    return {forward.padding, forward.window_h, forward.window_w, forward.stride_h, forward.stride_w, src[1], src[2]};
  }
  Pool2dAttributes forward() const { return {padding, window_h, window_w, stride_h, stride_w}; }

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("padding", self.padding);
    visit("window_h", self.window_h);
    visit("window_w", self.window_w);
    visit("stride_h", self.stride_h);
    visit("stride_w", self.stride_w);
    visit("height", self.height);
    visit("width", self.width);
  }
};

}  // namespace pare
