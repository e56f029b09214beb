// Gradient rules of what weights go through. Rounding counts as the identity, clipping as what it is; the step learns from both.
#include "ops/gradient.h"

namespace pare {

void gradient_fake_quantize(GradientBuilder& build) {
  const std::vector<Value*> gradients =
      build.ops("fake_quantize_backward",
                {build.gradient(), build.operand(0), build.operand(1), build.operand(2), build.operand(3)}, 2,
                build.node().attributes);
  if (build.failed()) return;
  build.give(0, gradients[0]);
  if (build.wants(1)) build.give(1, build.op("sum", {gradients[1], build.indices({0})}));
}

void gradient_mask_weights(GradientBuilder& build) {
  build.give(0, build.op("mask_weights", {build.gradient(), build.operand(1)}));
}

}  // namespace pare
