#include "engine/fixed_point.h"
#include "engine/kernel.h"
#include "engine/onednn.h"
#include "ops/activation.h"
#include "ops/conv_2d.h"

namespace pare {
namespace {

// Everything about one convolution that the loops need.
struct Geometry {
  explicit Geometry(const KernelRequest& request) {
    const auto& attributes = request.node.attrs<Conv2dAttributes>();
    const Shape& src = request.shape(0);
    const Shape& weights = request.shape(1);
    const Shape& dst = request.result_type().shape;
    batch = src[0]; src_h = src[1]; src_w = src[2]; src_c = src[3];
    dst_h = dst[1]; dst_w = dst[2]; dst_c = dst[3];
    h = attributes.window_h(weights[1]);
    w = attributes.window_w(weights[2]);
    group_c = weights[3];
    channels_per_group = dst_c / (src_c / group_c);
    pad_h = padding_extents(src_h, dst_h, h, attributes.padding);
    pad_w = padding_extents(src_w, dst_w, w, attributes.padding);
    activation = attributes.activation;
  }
  int64_t groups() const { return src_c / group_c; }

  int64_t batch, src_h, src_w, src_c, dst_h, dst_w, dst_c, group_c, channels_per_group;
  Window h, w;
  PaddingExtents pad_h, pad_w;
  Activation activation;
};

// Calls finish(output index, channel, accumulated sum) for each output element; term(src value, weight) gives one product.
template <class Sum, class Src, class Weight, class Term, class Finish>
void convolve(const Geometry& g, const Src* src, const Weight* weights, Term term, Finish finish) {
  int64_t at = 0;
  for (int64_t n = 0; n < g.batch; ++n)
    for (int64_t y = 0; y < g.dst_h; ++y)
      for (int64_t x = 0; x < g.dst_w; ++x)
        for (int64_t o = 0; o < g.dst_c; ++o, ++at) {
          Sum sum = 0;
          const int64_t first_channel = o / g.channels_per_group * g.group_c;
          for (int64_t i = 0; i < g.h.kernel; ++i) {
            const int64_t src_y = y * g.h.stride + i * g.h.dilation - g.pad_h.before;
            if (src_y < 0 || src_y >= g.src_h) continue;
            for (int64_t j = 0; j < g.w.kernel; ++j) {
              const int64_t src_x = x * g.w.stride + j * g.w.dilation - g.pad_w.before;
              if (src_x < 0 || src_x >= g.src_w) continue;
              const Src* pixel = src + ((n * g.src_h + src_y) * g.src_w + src_x) * g.src_c + first_channel;
              const Weight* filter = weights + ((o * g.h.kernel + i) * g.w.kernel + j) * g.group_c;
              for (int64_t c = 0; c < g.group_c; ++c) sum += term(pixel[c], filter[c]);
            }
          }
          finish(at, o, sum);
        }
}

std::string declines_plain(const KernelRequest& request) { return request.all_float() ? "" : "operands are not all float32"; }

Expected<std::unique_ptr<Kernel>> create_plain(const KernelRequest& request) {
  return make_kernel([g = Geometry(request)](const Buffers& buffers) {
    const float* bias = buffers.src<float>(2);
    float* dst = buffers.dst<float>();
    convolve<float>(
        g, buffers.src<float>(0), buffers.src<float>(1), [](float s, float w) { return s * w; },
        [&](int64_t at, int64_t o, float sum) { dst[at] = activate(sum + (bias != nullptr ? bias[o] : 0.f), g.activation); });
  });
}

std::string declines_onednn(const KernelRequest& request) {
  if (std::string reason = declines_plain(request); !reason.empty()) return reason;
  if (!request.operand(1)->is_constant()) return "weights are computed at run time";
  if (request.has(2) && !request.operand(2)->is_constant()) return "the bias is computed at run time";
  return "";
}

Expected<std::unique_ptr<Kernel>> create_onednn(const KernelRequest& request) {
  using namespace onednn;
  using dnnl::memory;
  return guarded([&]() -> Expected<std::unique_ptr<Kernel>> {
    const Geometry g(request);
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
    append_activation(post_ops, g.activation);
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
  return {{"onednn", declines_onednn, create_onednn, true}, {"plain", declines_plain, create_plain}};
}

}  // namespace pare
