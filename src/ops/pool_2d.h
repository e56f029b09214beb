// Pooling over windows of height and width.
#pragma once

#include "ir/attributes.h"
#include "ops/window.h"

namespace pare {

struct Pool2dAttributes {
  Padding padding = Padding::Valid;
  int64_t window_h = 1, window_w = 1;
  int64_t stride_h = 1, stride_w = 1;
  Activation activation = Activation::None;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("padding", self.padding);
    visit("window_h", self.window_h);
    visit("window_w", self.window_w);
    visit("stride_h", self.stride_h);
    visit("stride_w", self.stride_w);
    visit("activation", self.activation);
  }

  Window h() const { return {window_h, stride_h, 1}; }
  Window w() const { return {window_w, stride_w, 1}; }
};

}  // namespace pare
