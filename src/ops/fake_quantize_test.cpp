#include "ops/fake_quantize.h"

#include <gmock/gmock.h>

#include <cmath>

#include "ops/updates.h"
#include "testing/operators.h"

namespace pare {
namespace {

using ::testing::ElementsAre;
using testing::Operand;
using testing::random_tensor;
using testing::run_operator;

std::vector<float> floats(const Tensor& tensor) {
  const auto values = tensor.values<float>();
  return {values.begin(), values.end()};
}

Operand vector(const std::vector<float>& values) { return Operand::input(Tensor::vector(values)); }

TEST(FakeQuantize, RoundsOntoTheGridAndClips) {
  // A step of a half, codes 0 to 15 around a zero point of 4: from -2 to 5.5.
  const auto results =
      run_operator("fake_quantize", FakeQuantizeAttributes{.bits = 4},
                   {vector({-9, -0.3f, 0, 0.2f, 0.25f, 0.75f, 1.3f, 9}), vector({-1}), vector({4})}, {.results = 1});
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_THAT(floats((*results)[0]), ElementsAre(-2, -0.5f, 0, 0, 0, 1, 1.5f, 5.5f));
}

TEST(FakeQuantize, SymmetricCodesLeaveOutTheLowest) {
  const auto results = run_operator("fake_quantize", FakeQuantizeAttributes{.bits = 3, .symmetric = true},
                                    {vector({-9, -2.6f, 9}), vector({0}), Operand::absent()}, {.results = 1});
  ASSERT_TRUE(results);
  EXPECT_THAT(floats((*results)[0]), ElementsAre(-3, -3, 3));
}

TEST(FakeQuantize, EachSliceHasItsScale) {
  for (const int64_t axis : {0, 1}) {
    const auto results = run_operator(
        "fake_quantize", FakeQuantizeAttributes{.bits = 8, .symmetric = true, .axis = axis},
        {Operand::input(Tensor::of<float>({2, 2}, {1.3f, 1.3f, 1.3f, 1.3f})), vector({0, -1}), Operand::absent()},
        {.results = 1});
    ASSERT_TRUE(results);
    EXPECT_EQ(floats((*results)[0]),
              axis == 0 ? (std::vector<float>{1, 1, 1.5f, 1.5f}) : (std::vector<float>{1, 1.5f, 1, 1.5f}));
  }
}

// The formulas element by element.
struct Naive {
  std::vector<float> dsrc;
  double dlog2_scale = 0;
};
Naive naive_backward(const std::vector<float>& ddst, const std::vector<float>& src, float log2_scale, float zero,
                     const FakeQuantizeAttributes& attributes) {
  const float scale = std::exp2(log2_scale);
  const auto [lowest, highest] = fake_codes(attributes.bits, attributes.symmetric);
  Naive result;
  for (size_t i = 0; i < src.size(); ++i) {
    const double code = src[i] / scale + zero;
    const bool inside = code >= lowest && code <= highest;
    result.dsrc.push_back(inside ? ddst[i] : 0);
    double slope = (code < lowest ? lowest : highest) - zero;
    if (inside) slope = attributes.step == StepRule::Clip ? 0 : std::nearbyint(code) - code;
    result.dlog2_scale += ddst[i] * slope * scale * std::log(2.0);
  }
  return result;
}

TEST(FakeQuantize, HalvesGoAwayFromTheStoredZeroWhereAsked) {
  // Codes 126.5, 127.5, 128.5, 130.5, the stored ones of which are -1.5, -0.5, 0.5, 2.5; and one that arithmetic moved off its half.
  const Operand src = vector({-3.5f, -2.5f, -1.5f, 0.5f, 0.4999f});
  const auto rounded = [&](bool halves_away) {
    const auto results = run_operator("fake_quantize", FakeQuantizeAttributes{.halves_away = halves_away},
                                      {src, vector({0}), vector({130})}, {.results = 1});
    return results ? floats((*results)[0]) : std::vector<float>();
  };
  EXPECT_THAT(rounded(true), ElementsAre(-4, -3, -1, 1, 1));
  EXPECT_THAT(rounded(false), ElementsAre(-4, -2, -2, 0, 0));
}

TEST(FakeQuantizeBackward, IsStraightThroughAndLearnsTheStep) {
  Random random(7);
  for (const StepRule rule : {StepRule::Learned, StepRule::Clip})
    for (const int64_t count : {3, 16, 1000}) {
      const FakeQuantizeAttributes attributes{.bits = 4, .step = rule};
      const Tensor src = random_tensor({count}, random, -3, 9), ddst = random_tensor({count}, random, -1, 1);
      const auto results =
          run_operator("fake_quantize_backward", attributes,
                       {Operand::input(ddst), Operand::input(src), vector({-1.3f}), vector({5})}, {.results = 2});
      ASSERT_TRUE(results) << results.error().message;
      const Naive wanted = naive_backward(floats(ddst), floats(src), -1.3f, 5, attributes);
      EXPECT_EQ(floats((*results)[0]), wanted.dsrc);
      double sum = 0;
      for (const float part : floats((*results)[1])) sum += part;
      EXPECT_NEAR(sum, wanted.dlog2_scale, 1e-4 * (1 + std::fabs(wanted.dlog2_scale)));
    }
}

TEST(FakeQuantizeBackward, DampingDrawsToTheRounded) {
  // Steps of 1, codes 0 to 15: one below its code, one above, one clipped.
  const auto results = run_operator(
      "fake_quantize_backward", FakeQuantizeAttributes{.bits = 4},
      {vector({1, 1, 1}), vector({2.75f, 3.25f, 20}), vector({0}), Operand::absent(), vector({2})}, {.results = 2});
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_THAT(floats((*results)[0]), ElementsAre(1 - 2 * 2 * 0.25f, 1 + 2 * 2 * 0.25f, 0));
}

TEST(FakeQuantizeBackward, SumsEachSlice) {
  const FakeQuantizeAttributes attributes{.bits = 2, .symmetric = true, .axis = 1, .step = StepRule::Learned};
  const auto results = run_operator(
      "fake_quantize_backward", attributes,
      {Operand::input(Tensor::of<float>({2, 2}, {1, 2, 3, 4})),
       Operand::input(Tensor::of<float>({2, 2}, {9, 0.25f, -9, -0.25f})), vector({0, 0}), Operand::absent()},
      {.results = 2});
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_THAT(floats((*results)[0]), ElementsAre(0, 2, 0, 4));
  const float ln2 = std::log(2.f);
  EXPECT_THAT(floats((*results)[1]),
              ElementsAre(::testing::FloatEq((1 - 3) * ln2), ::testing::FloatEq((2 * -0.25f + 4 * 0.25f) * ln2)));
}

TEST(RangeParameters, HoldZeroExactly) {
  const auto results = run_operator("range_parameters", RangeParametersAttributes{}, {vector({-1, 3})}, {.results = 2});
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_FLOAT_EQ(std::exp2(floats((*results)[0])[0]), 4.f / 255);
  EXPECT_EQ(floats((*results)[1])[0], 64);
  const auto positive = run_operator("range_parameters", RangeParametersAttributes{}, {vector({1, 3})}, {.results = 2});
  ASSERT_TRUE(positive);
  EXPECT_FLOAT_EQ(std::exp2(floats((*positive)[0])[0]), 3.f / 255);
  EXPECT_EQ(floats((*positive)[1])[0], 0);
}

TEST(RangeParameters, SymmetricTakesTheLargerEnd) {
  const auto results = run_operator("range_parameters", RangeParametersAttributes{.bits = 16, .symmetric = true},
                                    {vector({-1, 3})}, {.results = 2});
  ASSERT_TRUE(results);
  EXPECT_FLOAT_EQ(std::exp2(floats((*results)[0])[0]), 3.f / 32767);
  EXPECT_EQ(floats((*results)[1])[0], 0);
}

TEST(MovingRange, MovesTowardsTheBatch) {
  Random random(3);
  for (const int64_t count : {1, 40}) {
    const Tensor src = random_tensor({count}, random, -2, 2);
    const auto values = floats(src);
    const auto results = run_operator("moving_range", MovingAverageAttributes{.momentum = 0.75f},
                                      {vector({-1, 1}), Operand::input(src)}, {.results = 1});
    ASSERT_TRUE(results) << results.error().message;
    EXPECT_THAT(floats((*results)[0]),
                ElementsAre(::testing::FloatEq(-0.75f + 0.25f * *std::min_element(values.begin(), values.end())),
                            ::testing::FloatEq(0.75f + 0.25f * *std::max_element(values.begin(), values.end()))));
  }
}

}  // namespace
}  // namespace pare
