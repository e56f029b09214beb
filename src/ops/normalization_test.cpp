#include "ops/normalization.h"

#include <cmath>

#include "testing/operators.h"

namespace pare {
namespace {

using namespace pare::testing;
using ::testing::HasSubstr;

Expected<Tensor> run(std::string_view op, const Attributes& attributes, const std::vector<Operand>& operands) {
  return run_operator(op, attributes, operands, Engine::Reference);
}

TEST(L2Normalization, GivesUnitLength) {
  const Tensor src = Tensor::of<float>({3, 2}, {3, 4, -5, 12, 0, 0});
  expect_close(run("l2_normalization", L2NormalizationAttributes{}, {Operand::input(src)}),
               Tensor::of<float>({3, 2}, {0.6f, 0.8f, -5 / 13.f, 12 / 13.f, 0, 0}));
  EXPECT_EQ(inferred("l2_normalization", L2NormalizationAttributes{}, {f32({})}),
            "'src' is a scalar, at least one dimension was expected");
}

TEST(BatchNormalization, AppliesTheFormula) {
  const Tensor src = Tensor::of<float>({2, 2}, {1, 2, 3, 4});
  const auto vector = [](float a, float b) { return Operand::constant(Tensor::vector<float>({a, b})); };
  const BatchNormalizationAttributes attributes{.epsilon = 1};
  expect_close(run("batch_normalization", attributes,
                   {Operand::input(src), vector(2, 3), vector(10, 20), vector(1, 2), vector(3, 8)}),
               Tensor::of<float>({2, 2}, {10, 20, 12, 22}));
  expect_close(run("batch_normalization", attributes,
                   {Operand::input(src), Operand::absent(), Operand::absent(), vector(1, 2), vector(3, 8)}),
               Tensor::of<float>({2, 2}, {0, 0, 1, 2 / 3.f}));
}

TEST(BatchNormalization, RejectsMissingOrMisfittingOperands) {
  const BatchNormalizationAttributes attributes;
  EXPECT_EQ(
      inferred("batch_normalization", attributes, {f32({1, 4}), std::nullopt, std::nullopt, f32({4}), std::nullopt}),
      "'variance' is missing");
  EXPECT_EQ(inferred("batch_normalization", attributes, {f32({1, 4}), f32({3}), std::nullopt, f32({4}), f32({4})}),
            "'gamma' has the shape [3], 4 elements were expected");
}

// Mean 0 and variance 1 over what is normalised, whatever the axis or the groups.
TEST(LayerNormalization, NormalisesTheLastDimensions) {
  Random random(6);
  const Tensor src = random_tensor({3, 4, 6}, random, 90, 110);
  for (const int64_t axis : {-1, 1}) {
    const auto got =
        run("layer_normalization", LayerNormalizationAttributes{.axis = axis, .epsilon = 0}, {Operand::input(src)});
    ASSERT_TRUE(got) << got.error().to_string();
    const int64_t depth = axis == -1 ? 6 : 24;
    for (int64_t first = 0; first < 72; first += depth) {
      double sum = 0, squares = 0;
      for (int64_t i = first; i < first + depth; ++i) {
        const double value = got->values<float>()[static_cast<size_t>(i)];
        sum += value;
        squares += value * value;
      }
      EXPECT_NEAR(sum / static_cast<double>(depth), 0, 1e-5);
      EXPECT_NEAR(squares / static_cast<double>(depth), 1, 1e-5);
    }
  }
}

TEST(LayerNormalization, ScalesAndShifts) {
  const Tensor src = Tensor::of<float>({1, 2}, {-1, 1});
  expect_close(run("layer_normalization", LayerNormalizationAttributes{.epsilon = 0},
                   {Operand::input(src), Operand::constant(Tensor::vector<float>({2, 3})),
                    Operand::constant(Tensor::vector<float>({5, 7}))}),
               Tensor::of<float>({1, 2}, {3, 10}));
}

TEST(LayerNormalization, RejectsWhatDoesNotFit) {
  EXPECT_EQ(inferred("layer_normalization", LayerNormalizationAttributes{.axis = 2}, {f32({1, 4})}),
            "axis 2 is outside a tensor of 2 dimensions");
  EXPECT_EQ(inferred("layer_normalization", LayerNormalizationAttributes{}, {f32({1, kDynamic})}),
            "dimension 1 of src [1, ?] is normalised over and must be known");
  EXPECT_EQ(inferred("layer_normalization", LayerNormalizationAttributes{}, {f32({1, 4}), f32({3})}),
            "'gamma' has the shape [3], 4 elements were expected");
}

TEST(GroupNormalization, NormalisesEachGroup) {
  // Two groups of two channels, two pixels: the second group is ten times the first.
  const Tensor src = Tensor::of<float>({1, 2, 4}, {1, 3, 10, 30, 1, 3, 10, 30});
  expect_close(
      run("group_normalization", GroupNormalizationAttributes{.groups = 2, .epsilon = 0}, {Operand::input(src)}),
      Tensor::of<float>({1, 2, 4}, {-1, 1, -1, 1, -1, 1, -1, 1}));
  expect_close(run("group_normalization", GroupNormalizationAttributes{.groups = 2, .epsilon = 0},
                   {Operand::input(src), Operand::constant(Tensor::vector<float>({1, 2, 3, 4})),
                    Operand::constant(Tensor::vector<float>({0, 0, 0, 1}))}),
               Tensor::of<float>({1, 2, 4}, {-1, 2, -3, 5, -1, 2, -3, 5}));
}

TEST(GroupNormalization, RejectsWhatDoesNotFit) {
  EXPECT_EQ(inferred("group_normalization", GroupNormalizationAttributes{.groups = 3}, {f32({1, 2, 4})}),
            "4 channels cannot be parted into 3 groups");
  EXPECT_EQ(inferred("group_normalization", GroupNormalizationAttributes{.groups = 0}, {f32({1, 2, 4})}),
            "groups is 0, at least 1 was expected");
  EXPECT_THAT(inferred("group_normalization", GroupNormalizationAttributes{}, {f32({4})}),
              HasSubstr("at least two dimensions were expected"));
  EXPECT_EQ(inferred("group_normalization", GroupNormalizationAttributes{}, {f32({1, 4}), std::nullopt, f32({2})}),
            "'beta' has the shape [2], 4 elements were expected");
}

}  // namespace
}  // namespace pare
