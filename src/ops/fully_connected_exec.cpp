#include "ops/fully_connected.h"
#include "ops/onednn_convolution.h"

namespace pare {
namespace {

// dst[rows][outputs] = src[rows][inputs] * weights[outputs][inputs]. A sample is a row. See ops/weighted_kernels.h.
struct Loops {
  explicit Loops(const KernelRequest& request)
      : samples(request.shape(0).elements() / request.shape(1)[1]),
        src_elements(request.shape(1)[1]),
        dst_elements(request.shape(1)[0]) {}

  template <class Sum, class Src, class Weight, class Term, class Finish>
  void run(const Src* src, const Weight* weights, Term term, Finish finish) const {
    for (int64_t o = 0; o < dst_elements; ++o) {
      Sum sum = 0;
      for (int64_t i = 0; i < src_elements; ++i) sum += term(src[i], weights[o * src_elements + i]);
      finish(o, o, sum);
    }
  }

  int64_t samples, src_elements, dst_elements;
};

constexpr WeightedOperands kOperands{.src = 0, .weights = 1, .bias = 2};

Activation activation(const KernelRequest& request) {
  return request.node.attrs<FullyConnectedAttributes>().activation;
}

std::string declines_float(const KernelRequest& request) { return declines_weighted_float(request, kOperands); }
Expected<std::unique_ptr<Kernel>> create_float(const KernelRequest& request) {
  return create_weighted_float(kOperands, activation(request), Loops(request));
}

std::string declines_integer(const KernelRequest& request) { return declines_weighted_integer(request, kOperands); }
Expected<std::unique_ptr<Kernel>> create_integer(const KernelRequest& request) {
  return create_weighted_integer<RealRequantizer>(request, kOperands, activation(request), Loops(request));
}

std::string declines_dynamic(const KernelRequest& request) { return declines_weighted_dynamic(request, kOperands); }
Expected<std::unique_ptr<Kernel>> create_dynamic(const KernelRequest& request) {
  const bool asymmetric = request.node.attrs<FullyConnectedAttributes>().asymmetric_quantize_inputs;
  return create_weighted_dynamic(request, kOperands, activation(request), {.asymmetric = asymmetric}, Loops(request));
}

std::string declines_onednn(const KernelRequest& request) { return declines_onednn_weighted(request, kOperands); }

Expected<std::unique_ptr<Kernel>> create_onednn(const KernelRequest& request) {
  using namespace onednn;
  using dnnl::memory;
  return guarded([&]() -> Expected<std::unique_ptr<Kernel>> {
    const int64_t rows = Loops(request).samples, inputs = request.shape(1)[1], outputs = request.shape(1)[0];
    constexpr auto f32 = memory::data_type::f32;
    const memory::desc src = plain({rows, inputs}, f32), dst = plain({rows, outputs}, f32),
                       weights = plain({outputs, inputs}, f32);
    const memory::desc bias = request.has(2) ? plain({outputs}, f32) : memory::desc();
    const dnnl::inner_product_forward::desc desc(dnnl::prop_kind::forward_inference, src,
                                                 any_layout({outputs, inputs}, f32), bias, dst);
    dnnl::primitive_attr attr = user_scratchpad();
    dnnl::post_ops post_ops;
    append_activation(post_ops, activation(request));
    attr.set_post_ops(post_ops);
    const dnnl::inner_product_forward::primitive_desc pd(desc, attr, cpu());
    PrimitiveSequence sequence;
    std::vector<PrimitiveSequence::Argument> arguments{
        sequence.operand(DNNL_ARG_SRC, 0, src),
        sequence.operand(DNNL_ARG_WEIGHTS, request, 1, weights, pd.weights_desc()),
        sequence.result(DNNL_ARG_DST, 0, dst, dst)};
    if (request.has(2)) arguments.push_back(sequence.operand(DNNL_ARG_BIAS, request, 2, bias, bias));
    sequence.add(dnnl::inner_product_forward(pd), std::move(arguments), pd.scratchpad_desc());
    return std::move(sequence).kernel();
  });
}

}  // namespace

ImplementationList exec_fully_connected() {
  return {{"onednn", declines_onednn, create_onednn, true},
          {"plain", declines_float, create_float},
          {"integer", declines_integer, create_integer},
          {"dynamic range", declines_dynamic, create_dynamic}};
}

}  // namespace pare
