// What the kernels of conv_2d and depthwise_conv_2d read from a node.
#pragma once

#include "base/memory.h"
#include "engine/avx512/gather.h"
#include "ops/conv_2d.h"
#include "ops/convolve.h"
#include "ops/weighted_kernels.h"

namespace pare {

inline constexpr WeightedOperands kConv2dOperands{.src = 0, .weights = 1, .bias = 2};

inline Activation conv_2d_activation(const KernelRequest& request) {
  return request.node.attrs<Conv2dAttributes>().activation;
}

inline ConvolutionGeometry conv_2d_geometry(const KernelRequest& request, int64_t channels_in_group) {
  const auto& attributes = request.node.attrs<Conv2dAttributes>();
  const Shape& weights = request.shape(1);
  return {request.shape(0),
          request.result_type().shape,
          channels_in_group,
          attributes.window_h(weights[1]),
          attributes.window_w(weights[2]),
          attributes.padding};
}

inline avx512::WindowGeometry conv_2d_windows(const KernelRequest& request) {
  const auto& attributes = request.node.attrs<Conv2dAttributes>();
  return avx512::window_geometry(request.shape(0), request.result_type().shape,
                                 attributes.window_h(request.shape(1)[1]), attributes.window_w(request.shape(1)[2]),
                                 attributes.padding);
}

// For kernels that copy images with their padding, which a forged dilation makes endless.
inline std::string declines_padding(const KernelRequest& request) {
  const auto elements = static_cast<uint64_t>(conv_2d_windows(request).padded_elements());
  return elements * sizeof(float) <= physical_memory() ? "" : "a padded image takes more than all memory";
}

}  // namespace pare
