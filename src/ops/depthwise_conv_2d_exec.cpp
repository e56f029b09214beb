#include "ops/conv_2d.h"
#include "ops/onednn_convolution.h"

namespace pare {
namespace {

ConvolutionGeometry geometry(const KernelRequest& request) {
  const auto& attributes = request.node.attrs<Conv2dAttributes>();
  const Shape& weights = request.shape(1);
  return {request.shape(0),
          request.result_type().shape,
          1,
          attributes.window_h(weights[1]),
          attributes.window_w(weights[2]),
          attributes.padding};
}

constexpr WeightedOperands kOperands{.src = 0, .weights = 1, .bias = 2};

ConvolutionLoops loops(const KernelRequest& request) { return {geometry(request), {1, request.shape(1)[3]}}; }
Activation activation(const KernelRequest& request) { return request.node.attrs<Conv2dAttributes>().activation; }

std::string declines_float(const KernelRequest& request) { return declines_weighted_float(request, kOperands); }
Expected<std::unique_ptr<Kernel>> create_float(const KernelRequest& request) {
  return create_weighted_float(kOperands, activation(request), loops(request));
}

std::string declines_integer(const KernelRequest& request) { return declines_weighted_integer(request, kOperands); }
Expected<std::unique_ptr<Kernel>> create_integer(const KernelRequest& request) {
  return create_weighted_integer<FixedPointRequantizer>(request, kOperands, activation(request), loops(request));
}

std::string declines_dynamic(const KernelRequest& request) { return declines_weighted_dynamic(request, kOperands); }
Expected<std::unique_ptr<Kernel>> create_dynamic(const KernelRequest& request) {
  return create_weighted_dynamic(request, kOperands, activation(request), kDepthwiseDynamicForm, loops(request));
}

std::string declines_onednn(const KernelRequest& request) { return declines_onednn_weighted(request, kOperands); }
Expected<std::unique_ptr<Kernel>> create_onednn(const KernelRequest& request) {
  const ConvolutionGeometry g = geometry(request);
  const OnednnWeights weights{{g.src_c, g.channels_per_group, 1, g.h.kernel, g.w.kernel},
                              {g.channels_per_group, 1, 1, g.w.kernel * g.dst_c, g.dst_c}};
  return create_onednn_convolution(request, kOperands, g, weights, activation(request));
}

}  // namespace

ImplementationList exec_depthwise_conv_2d() {
  return {{"onednn", declines_onednn, create_onednn, true},
          {"plain", declines_float, create_float},
          {"integer", declines_integer, create_integer},
          {"dynamic range", declines_dynamic, create_dynamic}};
}

}  // namespace pare
