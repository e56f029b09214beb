#include "engine/kernel.h"
#include "engine/onednn.h"
#include "ops/activation.h"
#include "ops/fully_connected.h"

namespace pare {
namespace {

// dst[rows][outputs] = src[rows][inputs] * weights[outputs][inputs]
struct Geometry {
  explicit Geometry(const KernelRequest& request)
      : rows(request.shape(0).elements() / request.shape(1)[1]), inputs(request.shape(1)[1]), outputs(request.shape(1)[0]) {}
  int64_t rows, inputs, outputs;
};

std::string declines_plain(const KernelRequest& request) { return request.all_float() ? "" : "operands are not all float32"; }

Expected<std::unique_ptr<Kernel>> create_plain(const KernelRequest& request) {
  const Activation activation = request.node.attrs<FullyConnectedAttributes>().activation;
  return make_kernel([g = Geometry(request), activation](const Buffers& buffers) {
    const float* bias = buffers.src<float>(2);
    float* dst = buffers.dst<float>();
    for (int64_t n = 0; n < g.rows; ++n)
      for (int64_t o = 0; o < g.outputs; ++o) {
        const float* src = buffers.src<float>(0) + n * g.inputs;
        const float* weights = buffers.src<float>(1) + o * g.inputs;
        float sum = 0;
        for (int64_t i = 0; i < g.inputs; ++i) sum += src[i] * weights[i];
        dst[n * g.outputs + o] = activate(sum + (bias != nullptr ? bias[o] : 0.f), activation);
      }
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
    const memory::desc src = plain({g.rows, g.inputs}, f32), dst = plain({g.rows, g.outputs}, f32), weights = plain({g.outputs, g.inputs}, f32);
    const memory::desc bias = request.has(2) ? plain({g.outputs}, f32) : memory::desc();
    const dnnl::inner_product_forward::desc desc(dnnl::prop_kind::forward_inference, src, any_layout({g.outputs, g.inputs}, f32), bias, dst);
    dnnl::primitive_attr attr;
    attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    dnnl::post_ops post_ops;
    append_activation(post_ops, request.node.attrs<FullyConnectedAttributes>().activation);
    attr.set_post_ops(post_ops);
    const dnnl::inner_product_forward::primitive_desc pd(desc, attr, cpu());
    std::vector<PrimitiveKernel::Argument> arguments{
        {DNNL_ARG_SRC, PrimitiveKernel::Source::Operand, 0, unbound(src)},
        {DNNL_ARG_DST, PrimitiveKernel::Source::Result, 0, unbound(dst)},
        {DNNL_ARG_WEIGHTS, PrimitiveKernel::Source::Owned, 0, reorder(request.operand(1)->data->bytes().data(), weights, pd.weights_desc())}};
    if (request.has(2)) arguments.push_back({DNNL_ARG_BIAS, PrimitiveKernel::Source::Owned, 0, reorder(request.operand(2)->data->bytes().data(), bias, bias)});
    return std::make_unique<PrimitiveKernel>(dnnl::inner_product_forward(pd), std::move(arguments), pd.scratchpad_desc());
  });
}

}  // namespace

ImplementationList exec_fully_connected() {
  return {{"onednn", declines_onednn, create_onednn, true}, {"plain", declines_plain, create_plain}};
}

}  // namespace pare
