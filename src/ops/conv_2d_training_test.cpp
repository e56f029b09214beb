// The fast kernels of convolutions whose weights change, and of their gradients, against the plain ones.
#include <bit>
#include <ranges>
#include <tuple>

#include "engine/cpu.h"
#include "ops/conv_2d_backward.h"
#include "ops/convolve.h"
#include "testing/operators.h"

namespace pare {
namespace {

using namespace pare::testing;

Expected<Tensor> run_fast(std::string_view op, const Attributes& attributes, const std::vector<Operand>& operands,
                          int threads, bool bf16 = false) {
  return run_operator(op, attributes, operands, {.engine = Engine::Fast, .threads = threads, .bf16 = bf16})
      .map([](const std::vector<Tensor>& results) { return results.front(); });
}

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
    for (const int threads : {1, 2}) expect_close(run_fast(op, attributes, operands, threads), plain);
    // Products of numbers that are bfloat16 already are exact.
    std::vector<Operand> coarse = operands;
    for (Operand& each : coarse)
      for (float& value : each.data->mutable_values<float>())
        value = bfloat16_to_float(static_cast<uint16_t>(std::bit_cast<uint32_t>(value) >> 16));
    expect_close(run_fast(op, attributes, coarse, 2, /*bf16=*/true),
                 run_operator(op, attributes, coarse, Engine::Reference));
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

// The three kernels of a layer of 1 x 1 differ from float32 by as much as operands of 8 digits make, and only when that is asked for.
TEST(Conv2dTraining16, RoundsWhereAskedFor) {
  if (!missing_avx512_bf16().empty()) GTEST_SKIP() << missing_avx512_bf16();
  Random random(1);
  const Shape image{2, 7, 7, 64}, weights{64, 1, 1, 64};
  const std::vector<Operand> operands{Operand::input(random_tensor(image, random)),
                                      Operand::input(random_tensor(weights, random))};
  const std::vector<Operand> images{operands[0], Operand::input(random_tensor(image, random))};
  const auto backward = [](int64_t h, int64_t w) { return ConvBackwardAttributes::of(Conv2dAttributes{}, h, w, 64); };
  const std::tuple<std::string_view, Attributes, const std::vector<Operand>&> layers[] = {
      {"conv_2d", Conv2dAttributes{}, operands},
      {"conv_2d_backward_src", backward(7, 7), operands},
      {"conv_2d_backward_weights", backward(1, 1), images}};
  for (const auto& [op, attributes, given] : layers) {
    SCOPED_TRACE(op);
    const auto exact = run_fast(op, attributes, given, 1), rounded = run_fast(op, attributes, given, 1, /*bf16=*/true);
    expect_close(rounded, exact, 0.01);
    const auto a = exact->values<float>(), b = rounded->values<float>();
    const auto far = std::ranges::count_if(std::views::iota(size_t{0}, a.size()),
                                           [&](size_t i) { return std::abs(a[i] - b[i]) > 1e-5f * std::abs(a[i]); });
    EXPECT_GT(far, static_cast<int64_t>(a.size() / 2));
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Conv2dTraining, ::testing::Range<uint64_t>(0, 30));

}  // namespace
}  // namespace pare
