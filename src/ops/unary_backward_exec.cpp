#include "base/vectorised.h"
#include "ops/kernel_shares.h"
#include "ops/unary_backward.h"

namespace pare {
namespace {

// ddst where lowest < y < highest, else 0: the piecewise linear functions, which are most of all.
PARE_VECTORISED void pass_between(const float* ddst, const float* y, float lowest, float highest, int64_t count,
                                  float* dsrc) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) dsrc[i] = (y[i] > lowest) & (y[i] < highest) ? ddst[i] : 0.f;
}

auto gate(float lowest, float highest) {
  return [lowest, highest](const Buffers& buffers, int64_t begin, int64_t end) {
    pass_between(buffers.src<float>(0) + begin, buffers.src<float>(1) + begin, lowest, highest, end - begin,
                 buffers.dst<float>() + begin);
  };
}

auto general(const UnaryBackwardAttributes& attributes) {
  return [attributes, derivative = derivative_of(attributes.of)->value](const Buffers& buffers, int64_t begin,
                                                                        int64_t end) {
    const float *ddst = buffers.src<float>(0), *x = buffers.src<float>(1);
    float* dsrc = buffers.dst<float>();
    for (int64_t i = begin; i < end; ++i) dsrc[i] = ddst[i] * derivative(x[i], attributes);
  };
}

Expected<std::unique_ptr<Kernel>> create(const KernelRequest& request) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const auto& attributes = request.node.attrs<UnaryBackwardAttributes>();
  const int64_t count = request.shape(0).elements();
  if (attributes.of == "relu") return make_shared_kernel(count, gate(0, kInfinity));
  if (attributes.of == "relu6") return make_shared_kernel(count, gate(0, 6));
  return make_shared_kernel(count, general(attributes));
}

}  // namespace

ImplementationList exec_unary_backward() { return {{"plain", declines_non_float, create}}; }

}  // namespace pare
