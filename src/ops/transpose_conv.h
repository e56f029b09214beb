// Transposed two-dimensional convolution.
#pragma once

#include "ir/attributes.h"
#include "ops/window.h"

namespace pare {

struct TransposeConvAttributes {
  Padding padding = Padding::Same;
  int64_t stride_h = 1, stride_w = 1;
  Activation activation = Activation::None;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("padding", self.padding);
    visit("stride_h", self.stride_h);
    visit("stride_w", self.stride_w);
    visit("activation", self.activation);
  }

  Window window_h(int64_t kernel) const { return {kernel, stride_h, 1}; }
  Window window_w(int64_t kernel) const { return {kernel, stride_w, 1}; }
};

}  // namespace pare
