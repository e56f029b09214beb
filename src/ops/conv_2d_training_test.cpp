// The fast kernels of convolutions whose weights change, and of their gradients, against the plain ones.
#include "ops/conv_2d_backward.h"
#include "ops/convolve.h"
#include "testing/operators.h"

namespace pare {
namespace {

using namespace pare::testing;

// Channels that fill vectors, as Winograd's transform wants them, and others; two threads.
struct RandomStep {
  explicit RandomStep(uint64_t seed) {
    Random random(seed);
    const int64_t kernel = pick<int64_t>(random, {1, 3, 3, 4}), height = 5 + random.below(9),
                  width = 5 + random.below(9);
    forward.padding = pick<Padding>(random, {Padding::Same, Padding::Valid});
    forward.stride_h = forward.stride_w = pick<int64_t>(random, {1, 1, 2});
    src = {3, height, width, pick<int64_t>(random, {3, 8, 16, 32, 70})};
    weights = {pick<int64_t>(random, {5, 16, 48, 64}), kernel, kernel, src[3]};
    const Window window{kernel, forward.stride_h, 1};
    ddst = {src[0], output_extent(height, window, forward.padding), output_extent(width, window, forward.padding), 0};
    backward_src = ConvBackwardAttributes::of(forward, height, width, src[3]);
    backward_weights = ConvBackwardAttributes::of(forward, kernel, kernel, src[3]);
  }

  void expect_agrees(std::string_view op, const Attributes& attributes, const Shape& a, const Shape& b) const {
    SCOPED_TRACE(fmt::format("{} of {} and {}", op, a.to_string(), b.to_string()));
    Random random(7);
    const std::vector<Operand> operands{Operand::input(random_tensor(a, random)),
                                        Operand::input(random_tensor(b, random))};
    const Expected<Tensor> plain = run_operator(op, attributes, operands, Engine::Reference);
    for (const int threads : {1, 2}) {
      const auto fast = run_operator(op, attributes, operands, {.engine = Engine::Fast, .threads = threads});
      ASSERT_TRUE(fast) << fast.error().to_string();
      expect_close(fast->front(), plain);
    }
  }

  Conv2dAttributes forward;
  ConvBackwardAttributes backward_src, backward_weights;
  Shape src, weights, ddst;
};

class Conv2dTraining : public ::testing::TestWithParam<uint64_t> {};

TEST_P(Conv2dTraining, FastAgreesWithPlain) {
  RandomStep step(GetParam());
  step.ddst[3] = step.weights[0];
  step.expect_agrees("conv_2d", step.forward, step.src, step.weights);
  step.expect_agrees("conv_2d_backward_src", step.backward_src, step.ddst, step.weights);
  step.expect_agrees("conv_2d_backward_weights", step.backward_weights, step.src, step.ddst);
}

TEST_P(Conv2dTraining, DepthwiseFastAgreesWithPlain) {
  RandomStep step(GetParam());
  step.ddst[3] = step.src[3];
  step.weights[0] = 1;
  step.expect_agrees("depthwise_conv_2d", step.forward, step.src, step.weights);
  step.expect_agrees("depthwise_conv_2d_backward_src", step.backward_src, step.ddst, step.weights);
  step.expect_agrees("depthwise_conv_2d_backward_weights", step.backward_weights, step.src, step.ddst);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Conv2dTraining, ::testing::Range<uint64_t>(0, 30));

}  // namespace
}  // namespace pare
