#include "ops/activations.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "ops/activations_integer.h"
#include "ops/elementwise_kernels.h"
#include "ops/kernel_types.h"

namespace pare {
namespace {

float relu(float x) { return std::max(x, 0.f); }
float relu6(float x) { return std::min(std::max(x, 0.f), 6.f); }
float relu_n1_to_1(float x) { return std::min(std::max(x, -1.f), 1.f); }
float relu_0_to_1(float x) { return std::min(std::max(x, 0.f), 1.f); }
float elu(float x) { return x < 0 ? std::expm1(x) : x; }
float hard_swish(float x) { return x * std::min(std::max(x + 3.f, 0.f), 6.f) / 6.f; }
float logistic(float x) { return 1.f / (1.f + std::exp(-x)); }
float hyperbolic_tangent(float x) { return std::tanh(x); }
float selu(float x) { return 1.05070098735548f * (x < 0 ? 1.67326324235438f * std::expm1(x) : x); }
float softplus(float x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }
float softsign(float x) { return x / (1.f + std::abs(x)); }
float swish(float x) { return x / (1.f + std::exp(-x)); }
float mish(float x) { return x * std::tanh(softplus(x)); }
float gelu(float x) { return 0.5f * x * (1.f + std::erf(x * std::numbers::sqrt2_v<float> / 2)); }
float gelu_by_tanh(float x) {
  constexpr float kSlope = 0.797884560802865f;  // sqrt(2 / pi)
  return 0.5f * x * (1.f + std::tanh(kSlope * (x + 0.044715f * x * x * x)));
}

template <float (*function)(float)>
Expected<std::unique_ptr<Kernel>> create_float(const KernelRequest& request) {
  return make_unary<float, float>(request, [](float x) { return function(x); });
}

Expected<std::unique_ptr<Kernel>> create_float_leaky(const KernelRequest& request) {
  return make_unary<float, float>(
      request, [alpha = request.node.attrs<LeakyReluAttributes>().alpha](float x) { return x > 0 ? x : alpha * x; });
}

Expected<std::unique_ptr<Kernel>> create_float_prelu(const KernelRequest& request) {
  return make_binary<float, float>(request, [](float x, float alpha) { return x >= 0 ? x : alpha * x; });
}

Expected<std::unique_ptr<Kernel>> create_float_gelu(const KernelRequest& request) {
  return request.node.attrs<GeluAttributes>().approximate ? create_float<gelu_by_tanh>(request)
                                                          : create_float<gelu>(request);
}

Expected<std::unique_ptr<Kernel>> create_float_hard_sigmoid(const KernelRequest& request) {
  const auto [alpha, beta] = request.node.attrs<HardSigmoidAttributes>();
  return make_unary<float, float>(request,
                                  [alpha = alpha, beta = beta](float x) { return relu_0_to_1(alpha * x + beta); });
}

template <float (*function)(float)>
Implementation plain() {
  return {"plain", declines_non_float, create_float<function>};
}

}  // namespace

ImplementationList exec_relu() { return {plain<relu>(), integer_relu()}; }
ImplementationList exec_relu6() { return {plain<relu6>(), integer_relu6()}; }
ImplementationList exec_relu_n1_to_1() { return {plain<relu_n1_to_1>(), integer_relu_n1_to_1()}; }
ImplementationList exec_relu_0_to_1() { return {plain<relu_0_to_1>(), integer_relu_0_to_1()}; }
ImplementationList exec_leaky_relu() {
  return {{"plain", declines_non_float, create_float_leaky}, integer_leaky_relu()};
}
ImplementationList exec_prelu() { return {{"plain", declines_non_float, create_float_prelu}, integer_prelu()}; }
ImplementationList exec_elu() { return {plain<elu>(), integer_elu()}; }
ImplementationList exec_hard_swish() { return {plain<hard_swish>(), integer_hard_swish()}; }
ImplementationList exec_logistic() { return {plain<logistic>(), integer_logistic()}; }
ImplementationList exec_tanh() { return {plain<hyperbolic_tangent>(), integer_tanh()}; }
ImplementationList exec_gelu() { return {{"plain", declines_non_float, create_float_gelu}, integer_gelu()}; }
ImplementationList exec_selu() { return {plain<selu>()}; }
ImplementationList exec_softplus() { return {plain<softplus>()}; }
ImplementationList exec_softsign() { return {plain<softsign>()}; }
ImplementationList exec_swish() { return {plain<swish>()}; }
ImplementationList exec_mish() { return {plain<mish>()}; }
ImplementationList exec_hard_sigmoid() { return {{"plain", declines_non_float, create_float_hard_sigmoid}}; }

}  // namespace pare
