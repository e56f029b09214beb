#include "ops/unary_backward.h"

#include <cmath>
#include <numbers>
#include <unordered_map>

#include "ir/graph.h"
#include "ops/checks.h"
#include "ops/rules.h"

namespace pare {
namespace {

using Options = UnaryBackwardAttributes;

float sigmoid(float x) { return 1.f / (1.f + std::exp(-x)); }
float softplus(float x) { return std::max(x, 0.f) + std::log1p(std::exp(-std::abs(x))); }

// Of the argument x.
float d_abs(float x, const Options&) { return x > 0 ? 1.f : x < 0 ? -1.f : 0.f; }
float d_square(float x, const Options&) { return 2 * x; }
float d_log(float x, const Options&) { return 1 / x; }
float d_sin(float x, const Options&) { return std::cos(x); }
float d_cos(float x, const Options&) { return -std::sin(x); }
float d_erf(float x, const Options&) { return 2 * std::numbers::inv_sqrtpi_v<float> * std::exp(-x * x); }
float d_neg(float, const Options&) { return -1; }
float d_softsign(float x, const Options&) {
  const float scale = 1 + std::abs(x);
  return 1 / (scale * scale);
}
float d_softplus(float x, const Options&) { return sigmoid(x); }
float d_swish(float x, const Options&) {
  const float s = sigmoid(x);
  return s * (1 + x * (1 - s));
}
float d_mish(float x, const Options&) {
  const float t = std::tanh(softplus(x));
  return t + x * (1 - t * t) * sigmoid(x);
}
float d_gelu(float x, const Options& options) {
  if (!options.approximate) {
    const float density = std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi_v<float>);
    return 0.5f * (1 + std::erf(x / std::numbers::sqrt2_v<float>)) + x * density;
  }
  const float c = std::sqrt(2 / std::numbers::pi_v<float>), inner = c * (x + 0.044715f * x * x * x);
  const float t = std::tanh(inner);
  return 0.5f * (1 + t) + 0.5f * x * (1 - t * t) * c * (1 + 3 * 0.044715f * x * x);
}
float d_hard_swish(float x, const Options&) { return x <= -3 ? 0.f : x >= 3 ? 1.f : (2 * x + 3) / 6; }
float d_hard_sigmoid(float x, const Options& options) {
  const float y = options.alpha * x + options.beta;
  return y > 0 && y < 1 ? options.alpha : 0.f;
}

// Of the result y.
float d_relu(float y, const Options&) { return y > 0 ? 1.f : 0.f; }
float d_relu6(float y, const Options&) { return y > 0 && y < 6 ? 1.f : 0.f; }
float d_relu_n1_to_1(float y, const Options&) { return y > -1 && y < 1 ? 1.f : 0.f; }
float d_relu_0_to_1(float y, const Options&) { return y > 0 && y < 1 ? 1.f : 0.f; }
float d_elu(float y, const Options&) { return y >= 0 ? 1.f : y + 1; }
float d_selu(float y, const Options&) {
  constexpr float kScale = 1.05070098f, kAlpha = 1.67326324f;
  return y >= 0 ? kScale : y + kScale * kAlpha;
}
float d_logistic(float y, const Options&) { return y * (1 - y); }
float d_tanh(float y, const Options&) { return 1 - y * y; }
float d_exp(float y, const Options&) { return y; }
float d_sqrt(float y, const Options&) { return 0.5f / y; }
float d_rsqrt(float y, const Options&) { return -0.5f * y * y * y; }
// Of either: the slope of a leaky function tells by the argument's sign, which the result shares unless alpha is negative.
float d_leaky_relu(float x, const Options& options) { return x >= 0 ? 1.f : options.alpha; }

Expected<std::vector<TensorType>> infer(const InferContext& context) {
  const auto& attributes = context.attributes.as<UnaryBackwardAttributes>();
  if (!derivative_of(attributes.of)) return bad_input("there is no derivative of '{}'", attributes.of);
  if (!context.shape(0).compatible_with(context.shape(1)))
    return bad_input("'ddst' is {} and 'saved' {}, one shape was expected", context.shape(0).to_string(),
                     context.shape(1).to_string());
  return infer_as_src(context);
}

}  // namespace

std::optional<Derivative> derivative_of(std::string_view op_name) {
  using enum DerivativeOf;
  static const std::unordered_map<std::string_view, Derivative> table = {
      {"abs", {Argument, d_abs}},
      {"cos", {Argument, d_cos}},
      {"elu", {Result, d_elu}},
      {"erf", {Argument, d_erf}},
      {"exp", {Result, d_exp}},
      {"gelu", {Argument, d_gelu}},
      {"hard_sigmoid", {Argument, d_hard_sigmoid}},
      {"hard_swish", {Argument, d_hard_swish}},
      {"leaky_relu", {Argument, d_leaky_relu}},
      {"log", {Argument, d_log}},
      {"logistic", {Result, d_logistic}},
      {"mish", {Argument, d_mish}},
      {"neg", {Argument, d_neg}},
      {"relu", {Result, d_relu}},
      {"relu6", {Result, d_relu6}},
      {"relu_0_to_1", {Result, d_relu_0_to_1}},
      {"relu_n1_to_1", {Result, d_relu_n1_to_1}},
      {"rsqrt", {Result, d_rsqrt}},
      {"selu", {Result, d_selu}},
      {"sin", {Argument, d_sin}},
      {"softplus", {Argument, d_softplus}},
      {"softsign", {Argument, d_softsign}},
      {"sqrt", {Result, d_sqrt}},
      {"square", {Argument, d_square}},
      {"swish", {Argument, d_swish}},
      {"tanh", {Result, d_tanh}},
  };
  const auto found = table.find(op_name);
  return found == table.end() ? std::nullopt : std::optional(found->second);
}

const OpDef& op_unary_backward() {
  static const OpDef def{
      .name = "unary_backward",
      .summary = "Gradient of an element-wise operator of one operand.",
      .details =
          "dsrc = ddst * f'(x), where f is the operator called `of` and x its operand; relu, its kin and functions whose derivative "
          "follows from their result take the result instead.",
      .operands = {{"ddst", "any shape"}, {"saved", "as ddst: the operand of f, or its result"}},
      .results = {{"dsrc", "as ddst"}},
      .attributes = UnaryBackwardAttributes{},
      .infer = infer,
      .cost = cost_per_element,
      .quantization = not_quantized(kOnlyTraining),
      .traits = {.elementwise = true},
      .in_tflite = false,
  };
  return def;
}

}  // namespace pare
