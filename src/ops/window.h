// Sliding windows over one spatial dimension: what convolutions and pooling share.
// Source of the Same rule: TensorFlow, "Neural network", padding of convolutions.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/plausible_shape.h"
#include "ir/attributes.h"
#include "ir/op_def.h"

namespace pare {

// One dimension of a window: kernel extent, stride and dilation, in elements.
struct Window {
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t dilation = 1;

  int64_t span() const { return plausible_product(kernel - 1, dilation) + 1; }  // input elements that one window covers
};

// Number of window positions over `input` elements; kDynamic where the input is.
inline int64_t output_extent(int64_t input, const Window& window, Padding padding) {
  if (input == kDynamic) return kDynamic;
  const int64_t covered = padding == Padding::Same ? input : input - window.span() + 1;
  return std::max<int64_t>(0, (covered + window.stride - 1) / window.stride);
}

// Elements of padding in front of the first and behind the last input element.
struct PaddingExtents {
  int64_t before = 0, after = 0;

  bool operator==(const PaddingExtents&) const = default;
};
inline PaddingExtents padding_extents(int64_t input, int64_t output, const Window& window, Padding padding) {
  if (padding == Padding::Valid) return {};
  const int64_t total = std::max<int64_t>(0, (output - 1) * window.stride + window.span() - input);
  return {total / 2, total - total / 2};
}

// What each of the windows covers.
WindowTaps window_taps(int64_t input, int64_t output, const Window& window, Padding padding);

}  // namespace pare
