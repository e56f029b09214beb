#include "ops/conv_2d_exec.h"
#include "ops/onednn_convolution.h"

namespace pare {
namespace {

ConvolutionLoops loops(const KernelRequest& request) {
  return {conv_2d_geometry(request, 1), {1, request.shape(1)[3]}};
}

std::string declines_float(const KernelRequest& request) { return declines_weighted_float(request, kConv2dOperands); }
Expected<std::unique_ptr<Kernel>> create_float(const KernelRequest& request) {
  return create_weighted_float(kConv2dOperands, conv_2d_activation(request), loops(request));
}

std::string declines_integer(const KernelRequest& request) {
  return declines_weighted_integer(request, kConv2dOperands);
}
Expected<std::unique_ptr<Kernel>> create_integer(const KernelRequest& request) {
  return create_weighted_integer<FixedPointRequantizer>(request, kConv2dOperands, conv_2d_activation(request),
                                                        loops(request));
}

std::string declines_dynamic(const KernelRequest& request) {
  return declines_weighted_dynamic(request, kConv2dOperands);
}
Expected<std::unique_ptr<Kernel>> create_dynamic(const KernelRequest& request) {
  return create_weighted_dynamic(request, kConv2dOperands, conv_2d_activation(request), kDepthwiseDynamicForm,
                                 loops(request));
}

std::string declines_onednn(const KernelRequest& request) { return declines_onednn_weighted(request, kConv2dOperands); }
Expected<std::unique_ptr<Kernel>> create_onednn(const KernelRequest& request) {
  const ConvolutionGeometry g = conv_2d_geometry(request, 1);
  return create_onednn_convolution(request, kConv2dOperands, g, depthwise_onednn_weights(g),
                                   conv_2d_activation(request));
}

}  // namespace

ImplementationList exec_depthwise_conv_2d() {
  return {{"onednn", declines_onednn, create_onednn, true},
          {"plain", declines_float, create_float},
          {"integer", declines_integer, create_integer},
          {"dynamic range", declines_dynamic, create_dynamic}};
}

}  // namespace pare
