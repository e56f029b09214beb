#include "ops/conv_2d_backward.h"
#include "ops/convolve.h"
#include "ops/onednn_convolution.h"

namespace pare {
namespace {

ConvolutionGeometry geometry(const KernelRequest& request, const Shape& src, const Shape& dst, const Shape& weights,
                             int64_t group_channels) {
  const auto& attributes = request.node.attrs<ConvBackwardAttributes>();
  return {
      src, dst, group_channels, attributes.window_h(weights[1]), attributes.window_w(weights[2]), attributes.padding};
}

// Operands of the gradient of the image: ddst, weights. Of that of the weights: src, ddst.
ConvolutionGeometry geometry_src(const KernelRequest& request, bool depthwise) {
  const Shape& weights = request.shape(1);
  return geometry(request, request.result_type().shape, request.shape(0), weights, depthwise ? 1 : weights[3]);
}
ConvolutionGeometry geometry_weights(const KernelRequest& request, bool depthwise) {
  const Shape& weights = request.result_type().shape;
  return geometry(request, request.shape(0), request.shape(1), weights, depthwise ? 1 : weights[3]);
}
WeightStrides strides_of(const Shape& weights, bool depthwise) {
  return depthwise ? WeightStrides{1, weights[3]} : WeightStrides{weights.elements(1, 4), weights[3]};
}

// Calls visit(offset in ddst, in src, in the weights) for each product of the convolution.
template <class Visit>
void for_each_product(const ConvolutionGeometry& g, const WeightStrides& strides, Visit visit) {
  int64_t at = 0;
  for (int64_t n = 0; n < g.batch; ++n)
    for (int64_t y = 0; y < g.dst_h; ++y)
      for (int64_t x = 0; x < g.dst_w; ++x)
        for (int64_t o = 0; o < g.dst_c; ++o, ++at) {
          const int64_t first = n * g.src_h * g.src_w * g.src_c + o / g.channels_per_group * g.group_c;
          for_each_tap(g, y, x, [&](int64_t tap, int64_t offset) {
            const int64_t filter = o * strides.channel_stride + tap * strides.tap_stride;
            for (int64_t c = 0; c < g.group_c; ++c) visit(at, first + offset + c, filter + c);
          });
        }
}

template <bool kDepthwise>
Expected<std::unique_ptr<Kernel>> create_src(const KernelRequest& request) {
  const int64_t elements = request.result_type().shape.elements();
  return make_kernel([g = geometry_src(request, kDepthwise), strides = strides_of(request.shape(1), kDepthwise),
                      elements](const Buffers& buffers) {
    const float *ddst = buffers.src<float>(0), *weights = buffers.src<float>(1);
    float* dsrc = buffers.dst<float>();
    std::fill_n(dsrc, elements, 0.f);
    for_each_product(g, strides,
                     [&](int64_t out, int64_t in, int64_t weight) { dsrc[in] += ddst[out] * weights[weight]; });
  });
}

template <bool kDepthwise>
Expected<std::unique_ptr<Kernel>> create_weights(const KernelRequest& request) {
  const Shape& weights = request.result_type().shape;
  return make_kernel([g = geometry_weights(request, kDepthwise), strides = strides_of(weights, kDepthwise),
                      elements = weights.elements()](const Buffers& buffers) {
    const float *src = buffers.src<float>(0), *ddst = buffers.src<float>(1);
    float* dweights = buffers.dst<float>();
    std::fill_n(dweights, elements, 0.f);
    for_each_product(g, strides,
                     [&](int64_t out, int64_t in, int64_t weight) { dweights[weight] += ddst[out] * src[in]; });
  });
}

template <bool kDepthwise>
OnednnWeights onednn_weights(const ConvolutionGeometry& g) {
  return kDepthwise ? depthwise_onednn_weights(g) : conv_2d_onednn_weights(g);
}

template <bool kDepthwise>
Expected<std::unique_ptr<Kernel>> create_onednn_src(const KernelRequest& request) {
  const ConvolutionGeometry g = geometry_src(request, kDepthwise);
  return create_onednn_backward_src(request, g, onednn_weights<kDepthwise>(g));
}

template <bool kDepthwise>
Expected<std::unique_ptr<Kernel>> create_onednn_weights(const KernelRequest& request) {
  const ConvolutionGeometry g = geometry_weights(request, kDepthwise);
  return create_onednn_backward_weights(request, g, onednn_weights<kDepthwise>(g));
}

}  // namespace

ImplementationList exec_conv_2d_backward_src() {
  return {{"onednn", declines_non_float, create_onednn_src<false>, true},
          {"plain", declines_non_float, create_src<false>}};
}
ImplementationList exec_conv_2d_backward_weights() {
  return {{"onednn", declines_non_float, create_onednn_weights<false>, true},
          {"plain", declines_non_float, create_weights<false>}};
}
ImplementationList exec_depthwise_conv_2d_backward_src() {
  return {{"onednn", declines_non_float, create_onednn_src<true>, true},
          {"plain", declines_non_float, create_src<true>}};
}
ImplementationList exec_depthwise_conv_2d_backward_weights() {
  return {{"onednn", declines_non_float, create_onednn_weights<true>, true},
          {"plain", declines_non_float, create_weights<true>}};
}

}  // namespace pare
