#include "ops/onednn_convolution.h"

namespace pare {
namespace {

using dnnl::memory;
constexpr auto kF32 = memory::data_type::f32;

dnnl::primitive_attr attributes(Activation activation) {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  dnnl::post_ops post_ops;
  onednn::append_activation(post_ops, activation);
  attr.set_post_ops(post_ops);
  return attr;
}

memory::desc bias_desc(const KernelRequest& request, WeightedOperands at) {
  return request.has(at.bias) ? onednn::plain({request.shape(at.bias).elements()}, kF32) : memory::desc();
}

// Packs weights and bias for the chosen primitive.
template <class PrimitiveDesc>
std::vector<onednn::PrimitiveKernel::Argument> arguments(const KernelRequest& request, WeightedOperands at,
                                                         const OnednnWeights& weights, const PrimitiveDesc& pd) {
  using onednn::PrimitiveKernel;
  const memory::desc ours(weights.dims, kF32, weights.strides), bias = bias_desc(request, at);
  std::vector<PrimitiveKernel::Argument> arguments{
      {DNNL_ARG_SRC, PrimitiveKernel::Source::Operand, at.src, onednn::unbound(pd.src_desc())},
      {DNNL_ARG_DST, PrimitiveKernel::Source::Result, 0, onednn::unbound(pd.dst_desc())},
      {DNNL_ARG_WEIGHTS, PrimitiveKernel::Source::Owned, 0,
       onednn::reorder(request.operand(at.weights)->data->bytes().data(), ours, pd.weights_desc())}};
  if (request.has(at.bias))
    arguments.push_back({DNNL_ARG_BIAS, PrimitiveKernel::Source::Owned, 0,
                         onednn::reorder(request.operand(at.bias)->data->bytes().data(), bias, bias)});
  return arguments;
}

}  // namespace

std::string declines_onednn_weighted(const KernelRequest& request, WeightedOperands at) {
  if (std::string reason = declines_weighted_float(request, at); !reason.empty()) return reason;
  if (!request.operand(at.weights)->is_constant()) return "weights are computed at run time";
  return request.has(at.bias) && !request.operand(at.bias)->is_constant() ? "the bias is computed at run time" : "";
}

Expected<std::unique_ptr<Kernel>> create_onednn_convolution(const KernelRequest& request, WeightedOperands at,
                                                            const ConvolutionGeometry& g, const OnednnWeights& weights,
                                                            Activation activation) {
  return onednn::guarded([&]() -> Expected<std::unique_ptr<Kernel>> {
    const dnnl::convolution_forward::desc desc(
        dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_auto,
        onednn::nhwc(request.shape(at.src), kF32), onednn::any_layout(weights.dims, kF32), bias_desc(request, at),
        onednn::nhwc(request.result_type().shape, kF32), {g.h.stride, g.w.stride}, {g.h.dilation - 1, g.w.dilation - 1},
        {g.pad_h.before, g.pad_w.before}, {g.pad_h.after, g.pad_w.after});
    const dnnl::convolution_forward::primitive_desc pd(desc, attributes(activation), onednn::cpu());
    return std::make_unique<onednn::PrimitiveKernel>(dnnl::convolution_forward(pd), arguments(request, at, weights, pd),
                                                     pd.scratchpad_desc());
  });
}

Expected<std::unique_ptr<Kernel>> create_onednn_deconvolution(const KernelRequest& request, WeightedOperands at,
                                                              const ConvolutionGeometry& g,
                                                              const OnednnWeights& weights, Activation activation) {
  return onednn::guarded([&]() -> Expected<std::unique_ptr<Kernel>> {
    // What the windows leave over at the end (negative: untouched elements) counts as padding for oneDNN.
    const auto after = [](int64_t windows, int64_t extent, const Window& window, int64_t before) {
      return (windows - 1) * window.stride + window.span() - before - extent;
    };
    const dnnl::deconvolution_forward::desc desc(
        dnnl::prop_kind::forward_inference, dnnl::algorithm::deconvolution_direct,
        onednn::nhwc(request.shape(at.src), kF32), onednn::any_layout(weights.dims, kF32), bias_desc(request, at),
        onednn::nhwc(request.result_type().shape, kF32), {g.h.stride, g.w.stride}, {g.pad_h.before, g.pad_w.before},
        {after(g.dst_h, g.src_h, g.h, g.pad_h.before), after(g.dst_w, g.src_w, g.w, g.pad_w.before)});
    const dnnl::deconvolution_forward::primitive_desc pd(desc, attributes(activation), onednn::cpu());
    return std::make_unique<onednn::PrimitiveKernel>(dnnl::deconvolution_forward(pd),
                                                     arguments(request, at, weights, pd), pd.scratchpad_desc());
  });
}

}  // namespace pare
