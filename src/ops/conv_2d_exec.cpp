#include "engine/onednn.h"
#include "ops/conv_2d.h"
#include "ops/convolve.h"
#include "ops/weighted_kernels.h"

namespace pare {
namespace {

ConvolutionGeometry geometry(const KernelRequest& request) {
  const auto& attributes = request.node.attrs<Conv2dAttributes>();
  const Shape& weights = request.shape(1);
  return {request.shape(0), request.result_type().shape, weights[3], attributes.window_h(weights[1]), attributes.window_w(weights[2]), attributes.padding};
}

constexpr WeightedOperands kOperands{.src = 0, .weights = 1, .bias = 2};

ConvolutionLoops loops(const KernelRequest& request) { return {geometry(request), {request.shape(1).elements(1, 4), request.shape(1)[3]}}; }
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
  // TFLite quantises src symmetrically where the weights have one scale, else with a zero point.
  return create_weighted_dynamic(request, kOperands, activation(request), request.type(1).quantization->scales.size() > 1, loops(request));
}

std::string declines_onednn(const KernelRequest& request) {
  if (std::string reason = declines_float(request); !reason.empty()) return reason;
  if (!request.operand(1)->is_constant()) return "weights are computed at run time";
  if (request.has(2) && !request.operand(2)->is_constant()) return "the bias is computed at run time";
  return "";
}

Expected<std::unique_ptr<Kernel>> create_onednn(const KernelRequest& request) {
  using namespace onednn;
  using dnnl::memory;
  return guarded([&]() -> Expected<std::unique_ptr<Kernel>> {
    const ConvolutionGeometry g = geometry(request);
    constexpr auto f32 = memory::data_type::f32;
    const bool grouped = g.groups() > 1;
    // Our O,H,W,I weights in oneDNN's logical order (G,)O,I,H,W.
    memory::dims dims{g.dst_c, g.group_c, g.h.kernel, g.w.kernel};
    memory::dims strides{g.h.kernel * g.w.kernel * g.group_c, 1, g.w.kernel * g.group_c, g.group_c};
    if (grouped) {
      dims = {g.groups(), g.channels_per_group, g.group_c, g.h.kernel, g.w.kernel};
      strides.insert(strides.begin(), g.channels_per_group * strides[0]);
    }
    const auto src = nhwc(request.shape(0), f32), dst = nhwc(request.result_type().shape, f32);
    const memory::desc bias = request.has(2) ? plain({g.dst_c}, f32) : memory::desc();
    const dnnl::convolution_forward::desc desc(
        dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_auto, src, any_layout(dims, f32), bias, dst, {g.h.stride, g.w.stride},
        {g.h.dilation - 1, g.w.dilation - 1}, {g.pad_h.before, g.pad_w.before}, {g.pad_h.after, g.pad_w.after});
    dnnl::primitive_attr attr;
    attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    dnnl::post_ops post_ops;
    append_activation(post_ops, activation(request));
    attr.set_post_ops(post_ops);
    const dnnl::convolution_forward::primitive_desc pd(desc, attr, cpu());
    const Tensor& weights = *request.operand(1)->data;
    std::vector<PrimitiveKernel::Argument> arguments{
        {DNNL_ARG_SRC, PrimitiveKernel::Source::Operand, 0, unbound(src)},
        {DNNL_ARG_DST, PrimitiveKernel::Source::Result, 0, unbound(dst)},
        {DNNL_ARG_WEIGHTS, PrimitiveKernel::Source::Owned, 0, reorder(weights.bytes().data(), memory::desc(dims, f32, strides), pd.weights_desc())}};
    if (request.has(2)) arguments.push_back({DNNL_ARG_BIAS, PrimitiveKernel::Source::Owned, 0, reorder(request.operand(2)->data->bytes().data(), bias, bias)});
    return std::make_unique<PrimitiveKernel>(dnnl::convolution_forward(pd), std::move(arguments), pd.scratchpad_desc());
  });
}

}  // namespace

ImplementationList exec_conv_2d() {
  return {{"onednn", declines_onednn, create_onednn, true}, {"plain", declines_float, create_float}, {"integer", declines_integer, create_integer}, {"dynamic range", declines_dynamic, create_dynamic}};
}

}  // namespace pare
