// What float kernels of conv_2d and of the gradient of its image read from a node: how the weights lie, and that this gradient is itself
// a convolution, of ddst with the window turned round, where the stride is 1.
#pragma once

#include <algorithm>

#include "engine/avx512/pack.h"
#include "engine/avx512/winograd.h"
#include "engine/cpu.h"
#include "ops/conv_2d_backward.h"
#include "ops/conv_2d_exec.h"

namespace pare {

inline avx512::WeightPlaces conv_2d_places(const KernelRequest& request) {
  const Shape& weights = request.shape(1);
  // Under a dilated window each pixel is a stretch of its own (avx512::GatherPlan).
  if (request.node.attrs<Conv2dAttributes>().dilation_w != 1)
    return {0, weights.elements(1, 4), weights[3], 0, 1, weights[1] * weights[2], 1, weights[3]};
  return avx512::WeightPlaces::forward(weights[1], weights[2], weights[3]);
}

// Of kernels whose operands are rounded to bfloat16.
inline std::string declines_bf16_products(const KernelRequest& request) {
  return request.bf16 ? missing_avx512_bf16() : "products of float32 are asked for";
}

// Of gradients that are convolutions, or sums over windows, at stride 1.
inline std::string declines_turned_convolution(const KernelRequest& request) {
  const auto& a = request.node.attrs<ConvBackwardAttributes>();
  if (a.stride_h != 1 || a.stride_w != 1 || a.dilation_h != 1 || a.dilation_w != 1) return "strides or dilations";
  return "";
}

// Of conv_2d_backward_weights: the windows through which the convolution itself saw its image.
inline avx512::WindowGeometry weights_gradient_windows(const KernelRequest& request) {
  const auto& a = request.node.attrs<ConvBackwardAttributes>();
  const Shape& weights = request.result_type().shape;
  return avx512::window_geometry(request.shape(0), request.shape(1), a.window_h(weights[1]), a.window_w(weights[2]),
                                 a.padding);
}

inline avx512::WindowGeometry turned_windows(const KernelRequest& request) {
  const auto& a = request.node.attrs<ConvBackwardAttributes>();
  const Shape &ddst = request.shape(0), &weights = request.shape(1), &dsrc = request.result_type().shape;
  const auto padding = [&](int64_t extent, int64_t of_ddst, const Window& window) -> PaddingExtents {
    const int64_t before = window.kernel - 1 - padding_extents(extent, of_ddst, window, a.padding).before;
    return {before, extent + window.kernel - 1 - of_ddst - before};
  };
  const Window h = a.window_h(weights[1]), w = a.window_w(weights[2]);
  return {
      ddst[1], ddst[2], ddst[3], dsrc[1], dsrc[2], h, w, padding(dsrc[1], ddst[1], h), padding(dsrc[2], ddst[2], w)};
}

// Deals rows of Winograd's tiles of all images to the shares: calls body(image, from, to) for rows [from, to) of an image, whose pixels lie
// in `padded` by then, as Winograd reads them.
template <class Body>
void for_each_padded_image(const avx512::Winograd& winograd, const avx512::WindowGeometry& geometry, int64_t images,
                           const float* src, Share share, float* padded, const Body& body) {
  const avx512::WindowGeometry& image = winograd.padded_geometry();
  const int64_t rows = winograd.tile_rows(), pixels = geometry.src_h * geometry.src_w;
  const int64_t begin = share.begin(images * rows), end = share.end(images * rows);
  for (int64_t i = begin / rows; i * rows < end; ++i) {
    const int64_t from = std::max<int64_t>(0, begin - i * rows), to = std::min(rows, end - i * rows);
    const avx512::RowRange read = winograd.rows_read(from, to);
    avx512::pad_rows(image, src + i * pixels * geometry.channels, 0.f, read,
                     padded + read.begin * image.padded_w() * image.channels);
    body(i, from, to);
  }
}

}  // namespace pare
