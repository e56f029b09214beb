#include "ops/onednn_convolution.h"

namespace pare {
namespace {

using dnnl::memory;
constexpr auto kF32 = memory::data_type::f32;

dnnl::primitive_attr attributes(Activation activation) {
  dnnl::primitive_attr attr = onednn::user_scratchpad();
  dnnl::post_ops post_ops;
  onednn::append_activation(post_ops, activation);
  attr.set_post_ops(post_ops);
  return attr;
}

memory::desc bias_desc(const KernelRequest& request, WeightedOperands at) {
  return request.has(at.bias) ? onednn::plain({request.shape(at.bias).elements()}, kF32) : memory::desc();
}

template <class Primitive, class PrimitiveDesc>
std::unique_ptr<Kernel> kernel_of(const KernelRequest& request, WeightedOperands at, const OnednnWeights& weights,
                                  const PrimitiveDesc& pd) {
  onednn::PrimitiveSequence sequence;
  const memory::desc bias = bias_desc(request, at);
  std::vector<onednn::PrimitiveSequence::Argument> arguments{
      sequence.operand(DNNL_ARG_SRC, at.src, pd.src_desc()),
      sequence.operand(DNNL_ARG_WEIGHTS, request, at.weights, weights.desc(), pd.weights_desc()),
      sequence.result(DNNL_ARG_DST, 0, pd.dst_desc(), pd.dst_desc())};
  if (request.has(at.bias)) arguments.push_back(sequence.operand(DNNL_ARG_BIAS, request, at.bias, bias, bias));
  sequence.add(Primitive(pd), std::move(arguments), pd.scratchpad_desc());
  return std::move(sequence).kernel();
}

}  // namespace

std::string declines_onednn_weighted(const KernelRequest& request, WeightedOperands at) {
  return declines_weighted_float(request, at);
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
    return kernel_of<dnnl::convolution_forward>(request, at, weights, pd);
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
    return kernel_of<dnnl::deconvolution_forward>(request, at, weights, pd);
  });
}

OnednnWeights conv_2d_onednn_weights(const ConvolutionGeometry& g) {
  OnednnWeights weights{{g.dst_c, g.group_c, g.h.kernel, g.w.kernel},
                        {g.h.kernel * g.w.kernel * g.group_c, 1, g.w.kernel * g.group_c, g.group_c}};
  if (g.groups() > 1) {
    weights.dims[0] = g.channels_per_group;
    weights.dims.insert(weights.dims.begin(), g.groups());
    weights.strides.insert(weights.strides.begin(), g.channels_per_group * weights.strides[0]);
  }
  return weights;
}

OnednnWeights depthwise_onednn_weights(const ConvolutionGeometry& g) {
  return {{g.src_c, g.channels_per_group, 1, g.h.kernel, g.w.kernel},
          {g.channels_per_group, 1, 1, g.w.kernel * g.dst_c, g.dst_c}};
}

namespace {

// What oneDNN wants to know of a convolution when it is asked for the gradients of it.
struct Described {
  Described(const ConvolutionGeometry& g, const OnednnWeights& ours)
      : src(onednn::nhwc({g.batch, g.src_h, g.src_w, g.src_c}, kF32)),
        dst(onednn::nhwc({g.batch, g.dst_h, g.dst_w, g.dst_c}, kF32)),
        weights(onednn::any_layout(ours.dims, kF32)),
        strides{g.h.stride, g.w.stride},
        dilations{g.h.dilation - 1, g.w.dilation - 1},
        before{g.pad_h.before, g.pad_w.before},
        after{g.pad_h.after, g.pad_w.after} {}

  dnnl::convolution_forward::primitive_desc forward() const {
    return {{dnnl::prop_kind::forward_training, kAlgorithm, src, weights, dst, strides, dilations, before, after},
            onednn::user_scratchpad(),
            onednn::cpu()};
  }

  // Of a gradient: convolution_backward_data or convolution_backward_weights.
  template <class Backward>
  typename Backward::primitive_desc backward() const {
    return {{kAlgorithm, src, weights, dst, strides, dilations, before, after},
            onednn::user_scratchpad(),
            onednn::cpu(),
            forward()};
  }

  static constexpr auto kAlgorithm = dnnl::algorithm::convolution_direct;
  memory::desc src, dst, weights;
  memory::dims strides, dilations, before, after;
};

}  // namespace

Expected<std::unique_ptr<Kernel>> create_onednn_backward_src(const KernelRequest& request, const ConvolutionGeometry& g,
                                                             const OnednnWeights& weights) {
  return onednn::guarded([&]() -> Expected<std::unique_ptr<Kernel>> {
    const Described d(g, weights);
    const auto pd = d.backward<dnnl::convolution_backward_data>();
    onednn::PrimitiveSequence sequence;
    std::vector<onednn::PrimitiveSequence::Argument> arguments{
        sequence.operand(DNNL_ARG_DIFF_DST, 0, pd.diff_dst_desc()),
        sequence.operand(DNNL_ARG_WEIGHTS, request, 1, weights.desc(), pd.weights_desc()),
        sequence.result(DNNL_ARG_DIFF_SRC, 0, d.src, pd.diff_src_desc())};
    sequence.add(dnnl::convolution_backward_data(pd), std::move(arguments), pd.scratchpad_desc());
    return std::move(sequence).kernel();
  });
}

Expected<std::unique_ptr<Kernel>> create_onednn_backward_weights(const KernelRequest&, const ConvolutionGeometry& g,
                                                                 const OnednnWeights& weights) {
  return onednn::guarded([&]() -> Expected<std::unique_ptr<Kernel>> {
    const Described d(g, weights);
    const auto pd = d.backward<dnnl::convolution_backward_weights>();
    onednn::PrimitiveSequence sequence;
    std::vector<onednn::PrimitiveSequence::Argument> arguments{
        sequence.operand(DNNL_ARG_SRC, 0, pd.src_desc()), sequence.operand(DNNL_ARG_DIFF_DST, 1, pd.diff_dst_desc()),
        sequence.result(DNNL_ARG_DIFF_WEIGHTS, 0, weights.desc(), pd.diff_weights_desc())};
    sequence.add(dnnl::convolution_backward_weights(pd), std::move(arguments), pd.scratchpad_desc());
    return std::move(sequence).kernel();
  });
}

}  // namespace pare
