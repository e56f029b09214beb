// Gradient rules of sums over dimensions and of what is normalised by them.
#include "ops/checks.h"
#include "ops/gradient.h"
#include "ops/reductions.h"
#include "ops/softmax.h"

namespace pare {
namespace {

// The shape of the operand with extents of 1 where it is reduced.
Shape kept_shape(const GradientBuilder& build) {
  Shape kept = build.shape(0);
  for (const int64_t axis : index_values(*build.operand(1)->data))
    kept[static_cast<int>(axis < 0 ? axis + kept.rank() : axis)] = 1;
  return kept;
}

Value* spread(GradientBuilder& build, Value* value) {
  return build.broadcast(build.reshaped(value, kept_shape(build)), build.shape(0));
}

// The gradient goes to the extreme elements, in equal parts where there are several.
void extreme(GradientBuilder& build) {
  Value* is_extreme = build.op("equal", {build.operand(0), spread(build, build.result())});
  Value* zeros = build.op("zeros_like", {build.operand(0)});
  Value* ones = build.op("select_v2", {is_extreme, build.broadcast(build.scalar(1), build.shape(0)), zeros});
  Value* count = build.op("sum", {ones, build.operand(1)}, build.node().attributes);
  Value* share = build.op("div", {build.gradient(), count});
  build.give(0, build.op("mul", {ones, spread(build, share)}));
}

Value* row_sum(GradientBuilder& build, Value* value) {
  return build.op("sum", {value, build.indices({-1})}, ReduceAttributes{.keep_dims = true});
}

}  // namespace

void gradient_sum(GradientBuilder& build) { build.give(0, spread(build, build.gradient())); }

void gradient_mean(GradientBuilder& build) {
  const auto count =
      static_cast<float>(build.shape(0).elements()) / static_cast<float>(build.result()->type.shape.elements());
  build.give(0, spread(build, build.op("mul", {build.gradient(), build.scalar(1 / count)})));
}

void gradient_reduce_max(GradientBuilder& build) { extreme(build); }
void gradient_reduce_min(GradientBuilder& build) { extreme(build); }

void gradient_cumsum(GradientBuilder& build) {
  auto attributes = build.node().attrs<CumsumAttributes>();
  attributes.reverse = !attributes.reverse;
  build.give(0, build.op("cumsum", {build.gradient(), build.operand(1)}, attributes));
}

// dsrc = beta * dst * (ddst - sum(ddst * dst))
void gradient_softmax(GradientBuilder& build) {
  Value* weighted = build.op("mul", {build.gradient(), build.result()});
  Value* gradient = build.op("sub", {weighted, build.op("mul", {build.result(), row_sum(build, weighted)})});
  const float beta = build.node().attrs<SoftmaxAttributes>().beta;
  build.give(0, beta == 1 ? gradient : build.op("mul", {gradient, build.scalar(beta)}));
}

// dsrc = ddst - softmax(src) * sum(ddst)
void gradient_log_softmax(GradientBuilder& build) {
  Value* probabilities = build.op("exp", {build.result()});
  build.give(0,
             build.op("sub", {build.gradient(), build.op("mul", {probabilities, row_sum(build, build.gradient())})}));
}

// dsrc = (ddst - dst * sum(ddst * dst)) / |src|
void gradient_l2_normalization(GradientBuilder& build) {
  Value* along = row_sum(build, build.op("mul", {build.gradient(), build.result()}));
  Value* across = build.op("sub", {build.gradient(), build.op("mul", {build.result(), along})});
  Value* length = build.op("sqrt", {row_sum(build, build.op("square", {build.operand(0)}))});
  build.give(0, build.op("div", {across, build.op("maximum", {length, build.scalar(1e-6f)})}));
}

}  // namespace pare
