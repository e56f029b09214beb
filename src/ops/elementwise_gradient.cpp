// Gradient rules of element-wise operators. GradientBuilder::give() sums over what broadcasting stretched.
#include "ops/activations.h"
#include "ops/gradient.h"
#include "ops/unary_backward.h"

namespace pare {
namespace {

void unary(GradientBuilder& build, UnaryBackwardAttributes attributes = {}) {
  attributes.of = build.node().op().name;
  const bool from_result = derivative_of(attributes.of)->from == DerivativeOf::Result;
  build.give(
      0, build.op("unary_backward", {build.gradient(), from_result ? build.result() : build.operand(0)}, attributes));
}

// The gradient goes to whichever operand was chosen; to x where both are equal.
void choice(GradientBuilder& build, std::string_view x_wins) {
  Value* chosen = build.op(x_wins, {build.operand(0), build.operand(1)});
  Value* zeros = build.op("zeros_like", {build.gradient()});
  build.give(0, build.op("select_v2", {chosen, build.gradient(), zeros}));
  build.give(1, build.op("select_v2", {chosen, zeros, build.gradient()}));
}

}  // namespace

#define PARE_UNARY_GRADIENT(name) \
  void gradient_##name(GradientBuilder& build) { unary(build); }
PARE_UNARY_GRADIENT(abs)
PARE_UNARY_GRADIENT(cos)
PARE_UNARY_GRADIENT(elu)
PARE_UNARY_GRADIENT(erf)
PARE_UNARY_GRADIENT(exp)
PARE_UNARY_GRADIENT(hard_swish)
PARE_UNARY_GRADIENT(log)
PARE_UNARY_GRADIENT(logistic)
PARE_UNARY_GRADIENT(mish)
PARE_UNARY_GRADIENT(relu)
PARE_UNARY_GRADIENT(relu6)
PARE_UNARY_GRADIENT(relu_0_to_1)
PARE_UNARY_GRADIENT(relu_n1_to_1)
PARE_UNARY_GRADIENT(rsqrt)
PARE_UNARY_GRADIENT(selu)
PARE_UNARY_GRADIENT(sin)
PARE_UNARY_GRADIENT(softplus)
PARE_UNARY_GRADIENT(softsign)
PARE_UNARY_GRADIENT(sqrt)
PARE_UNARY_GRADIENT(square)
PARE_UNARY_GRADIENT(swish)
PARE_UNARY_GRADIENT(tanh)
#undef PARE_UNARY_GRADIENT

void gradient_neg(GradientBuilder& build) { build.give(0, build.op("neg", {build.gradient()})); }

void gradient_leaky_relu(GradientBuilder& build) {
  unary(build, {.alpha = build.node().attrs<LeakyReluAttributes>().alpha});
}

void gradient_gelu(GradientBuilder& build) {
  unary(build, {.approximate = build.node().attrs<GeluAttributes>().approximate});
}

void gradient_hard_sigmoid(GradientBuilder& build) {
  const auto& attributes = build.node().attrs<HardSigmoidAttributes>();
  unary(build, {.alpha = attributes.alpha, .beta = attributes.beta});
}

// dst = src where it is positive, else slopes * src.
void gradient_prelu(GradientBuilder& build) {
  Value* negative = build.op("minimum", {build.operand(0), build.scalar(0)});
  Value* is_negative = build.op("less", {build.operand(0), build.scalar(0)});
  Value* scaled = build.op("mul", {build.gradient(), build.operand(1)});
  build.give(0, build.op("select_v2", {is_negative, scaled, build.gradient()}));
  build.give(1, build.op("mul", {build.gradient(), negative}));
}

void gradient_add(GradientBuilder& build) {
  build.give(0, build.gradient());
  build.give(1, build.gradient());
}

void gradient_sub(GradientBuilder& build) {
  build.give(0, build.gradient());
  if (build.wants(1)) build.give(1, build.op("neg", {build.gradient()}));
}

void gradient_mul(GradientBuilder& build) {
  if (build.wants(0)) build.give(0, build.op("mul", {build.gradient(), build.operand(1)}));
  if (build.wants(1)) build.give(1, build.op("mul", {build.gradient(), build.operand(0)}));
}

// d(x / y) = dx / y - dst * dy / y
void gradient_div(GradientBuilder& build) {
  Value* share = build.op("div", {build.gradient(), build.operand(1)});
  build.give(0, share);
  if (build.wants(1)) build.give(1, build.op("neg", {build.op("mul", {share, build.result()})}));
}

void gradient_squared_difference(GradientBuilder& build) {
  Value* twice = build.op("mul", {build.op("sub", {build.operand(0), build.operand(1)}), build.scalar(2)});
  Value* gradient = build.op("mul", {build.gradient(), twice});
  build.give(0, gradient);
  if (build.wants(1)) build.give(1, build.op("neg", {gradient}));
}

void gradient_maximum(GradientBuilder& build) { choice(build, "greater_equal"); }
void gradient_minimum(GradientBuilder& build) { choice(build, "less_equal"); }

// d(x^y) = y x^(y-1) dx + x^y ln(x) dy
void gradient_pow(GradientBuilder& build) {
  Value *x = build.operand(0), *y = build.operand(1);
  if (build.wants(0)) {
    Value* lower = build.op("pow", {x, build.op("sub", {y, build.scalar(1)})});
    build.give(0, build.op("mul", {build.gradient(), build.op("mul", {y, lower})}));
  }
  if (build.wants(1)) {
    Value* slope = build.op("mul", {build.result(), build.op("log", {x})});
    build.give(1, build.op("mul", {build.gradient(), slope}));
  }
}

void gradient_select_v2(GradientBuilder& build) {
  Value* zeros = build.op("zeros_like", {build.gradient()});
  if (build.wants(1)) build.give(1, build.op("select_v2", {build.operand(0), build.gradient(), zeros}));
  if (build.wants(2)) build.give(2, build.op("select_v2", {build.operand(0), zeros, build.gradient()}));
}

}  // namespace pare
