// Gradient rules of operators with weights: products, convolutions.
#include "ops/batch_matmul.h"
#include "ops/conv_2d.h"
#include "ops/conv_2d_backward.h"
#include "ops/gradient.h"
#include "ops/reductions.h"
#include "ops/transpose_conv.h"

namespace pare {
namespace {

Value* product(GradientBuilder& build, Value* x, Value* y, bool adj_x, bool adj_y) {
  return build.op("batch_matmul", {x, y}, BatchMatmulAttributes{.adj_x = adj_x, .adj_y = adj_y});
}

// Sums over all dimensions but the last: the gradient of a bias.
Value* sum_of_channels(GradientBuilder& build, Value* value) {
  return build.op("sum", {value, build.dimensions(0, value->type.shape.rank() - 1)});
}

void convolution(GradientBuilder& build, std::string_view backward_src, std::string_view backward_weights) {
  const auto& attributes = build.node().attrs<Conv2dAttributes>();
  const Shape &src = build.shape(0), &weights = build.shape(1);
  Value* ddst = build.gradient();
  if (build.wants(0))
    build.give(0, build.op(backward_src, {ddst, build.operand(1)},
                           ConvBackwardAttributes::of(attributes, src[1], src[2], src[3])));
  if (build.wants(1))
    build.give(1, build.op(backward_weights, {build.operand(0), ddst},
                           ConvBackwardAttributes::of(attributes, weights[1], weights[2], weights[3])));
  if (build.wants(2)) build.give(2, sum_of_channels(build, ddst));
}

}  // namespace

void gradient_batch_matmul(GradientBuilder& build) {
  const auto& attributes = build.node().attrs<BatchMatmulAttributes>();
  Value *x = build.operand(0), *y = build.operand(1), *ddst = build.gradient();
  if (build.wants(0))
    build.give(0, attributes.adj_x ? product(build, y, ddst, attributes.adj_y, true)
                                   : product(build, ddst, y, false, !attributes.adj_y));
  if (build.wants(1))
    build.give(1, attributes.adj_y ? product(build, ddst, x, true, attributes.adj_x)
                                   : product(build, x, ddst, !attributes.adj_x, false));
}

void gradient_fully_connected(GradientBuilder& build) {
  const Shape& weights = build.shape(1);
  const int64_t rows = build.shape(0).elements() / weights[1];
  Value* ddst = build.reshaped(build.gradient(), {rows, weights[0]});
  if (build.wants(0))
    build.give(0, build.reshaped(product(build, ddst, build.operand(1), false, false), build.shape(0)));
  if (build.wants(1))
    build.give(1, product(build, ddst, build.reshaped(build.operand(0), {rows, weights[1]}), true, false));
  if (build.wants(2)) build.give(2, build.reshaped(sum_of_channels(build, ddst), build.shape(2)));
}

void gradient_conv_2d(GradientBuilder& build) {
  convolution(build, "conv_2d_backward_src", "conv_2d_backward_weights");
}

void gradient_depthwise_conv_2d(GradientBuilder& build) {
  convolution(build, "depthwise_conv_2d_backward_src", "depthwise_conv_2d_backward_weights");
}

// The adjoint of the adjoint is the convolution itself, with the roles of its channels exchanged.
void gradient_transpose_conv(GradientBuilder& build) {
  const auto& attributes = build.node().attrs<TransposeConvAttributes>();
  const Conv2dAttributes forward{
      .padding = attributes.padding, .stride_h = attributes.stride_h, .stride_w = attributes.stride_w};
  const Shape& weights = build.shape(1);
  Value *exchange = build.indices({3, 1, 2, 0}), *ddst = build.gradient();
  if (build.wants(2))
    build.give(2, build.op("conv_2d", {ddst, build.op("transpose", {build.operand(1), exchange})}, forward));
  if (build.wants(1)) {
    Value* exchanged = build.op("conv_2d_backward_weights", {ddst, build.operand(2)},
                                ConvBackwardAttributes::of(forward, weights[1], weights[2], weights[0]));
    build.give(1, build.op("transpose", {exchanged, exchange}));
  }
  if (build.wants(3)) build.give(3, sum_of_channels(build, ddst));
}

}  // namespace pare
