// Two-dimensional convolution and its depthwise form, whose depth multiplier is the ratio of the channel counts and not kept.
#pragma once

#include "ir/attributes.h"
#include "ops/window.h"

namespace pare {

// Of conv_2d and of depthwise_conv_2d.
struct Conv2dAttributes {
  Padding padding = Padding::Same;
  int64_t stride_h = 1, stride_w = 1;
  int64_t dilation_h = 1, dilation_w = 1;
  Activation activation = Activation::None;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("padding", self.padding);
    visit("stride_h", self.stride_h);
    visit("stride_w", self.stride_w);
    visit("dilation_h", self.dilation_h);
    visit("dilation_w", self.dilation_w);
    visit("activation", self.activation);
  }

  Window window_h(int64_t kernel) const { return {kernel, stride_h, dilation_h}; }
  Window window_w(int64_t kernel) const { return {kernel, stride_w, dilation_w}; }
};

// The product rule of both, whose output channels read so many input channels each.
std::optional<WindowedProduct> convolution_product(const Node& node, const Shape& src, int64_t channels_in_group);

}  // namespace pare
