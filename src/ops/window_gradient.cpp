// Gradient rules of poolings and normalisations.
#include "ops/batch_normalization_training.h"
#include "ops/gradient.h"
#include "ops/normalization.h"
#include "ops/pool_2d_backward.h"

namespace pare {

void gradient_average_pool_2d(GradientBuilder& build) {
  const auto attributes = Pool2dBackwardAttributes::of(build.node().attrs<Pool2dAttributes>(), build.shape(0));
  build.give(0, build.op("average_pool_2d_backward", {build.gradient()}, attributes));
}

void gradient_max_pool_2d(GradientBuilder& build) {
  const auto attributes = Pool2dBackwardAttributes::of(build.node().attrs<Pool2dAttributes>(), build.shape(0));
  build.give(0, build.op("max_pool_2d_backward", {build.operand(0), build.gradient()}, attributes));
}

void gradient_batch_normalization_training(GradientBuilder& build) {
  if (build.gradient(1) != nullptr || build.gradient(2) != nullptr)
    return build.refuse("its mean and variance are used for more than moving averages");
  const bool fixed = build.node().attrs<BatchNormalizationTrainingAttributes>().fixed;
  Value *mean = fixed ? build.operand(3) : build.result(1), *variance = fixed ? build.operand(4) : build.result(2);
  const auto gradients =
      build.ops("batch_normalization_backward",
                {build.gradient(), build.operand(0), build.operand(1), build.operand(2), mean, variance}, 3,
                build.node().attributes);
  for (size_t i = 0; i < 3; ++i) build.give(i, gradients[i]);
}

// With fixed statistics: dst = factor * (src - mean) + beta.
void gradient_batch_normalization(GradientBuilder& build) {
  const float epsilon = build.node().attrs<BatchNormalizationAttributes>().epsilon;
  Value* inverse = build.op("rsqrt", {build.op("add", {build.operand(4), build.scalar(epsilon)})});
  Value* normalized = build.op("mul", {build.op("sub", {build.operand(0), build.operand(3)}), inverse});
  Value* factor = build.operand(1) == nullptr ? inverse : build.op("mul", {build.operand(1), inverse});
  build.give(0, build.op("mul", {build.gradient(), factor}));
  if (build.wants(1)) build.give(1, build.op("mul", {build.gradient(), normalized}));
  build.give(2, build.gradient());
}

// Its second result is the gradient for a loss that counts once.
void gradient_softmax_cross_entropy(GradientBuilder& build) {
  if (build.gradient(1) != nullptr || build.wants(1))
    return build.refuse("its targets and its gradient are not differentiated");
  Value* by_row = build.reshaped(build.gradient(0), {build.shape(0)[0], 1});
  build.give(0, build.op("mul", {build.result(1), by_row}));
}

}  // namespace pare
