// Gradient rules of what weights go through. Rounding counts as the identity, clipping as what it is; the step learns from both.
// Belonging to a cluster counts as the identity, too; the centroid learns from its weights. Soft shares have a derivative.
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

void gradient_cluster_weights(GradientBuilder& build) {
  build.give(0, build.gradient());
  if (build.wants(1))
    build.give(
        1, build.op("cluster_weights_backward",
                    {build.gradient(), build.operand(1), build.operand(2), build.operand(3)}, build.node().attributes));
}

void gradient_soft_cluster_weights(GradientBuilder& build) {
  build.give(0, build.op("soft_cluster_weights_backward",
                         {build.gradient(), build.result(3), build.result(2), build.operand(3), build.operand(4),
                          build.operand(0)},
                         build.node().attributes));
}

}  // namespace pare
