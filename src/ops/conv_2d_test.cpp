#include "ops/conv_2d.h"

#include "testing/naive_operators.h"
#include "testing/operators.h"

namespace pare {
namespace {

using namespace pare::testing;
using ::testing::HasSubstr;

struct RandomCase {
  explicit RandomCase(uint64_t seed) {
    Random random(seed);
    const int64_t groups = pick<int64_t>(random, {1, 1, 2, 3}), group_c = 1 + random.below(5),
                  outputs = groups * (1 + random.below(6));
    attributes.padding = pick<Padding>(random, {Padding::Same, Padding::Valid});
    attributes.stride_h = 1 + random.below(3);
    attributes.stride_w = 1 + random.below(3);
    attributes.dilation_h = 1 + random.below(2);
    attributes.dilation_w = 1 + random.below(2);
    attributes.activation =
        pick<Activation>(random, {Activation::None, Activation::Relu, Activation::Relu6, Activation::ReluN1To1});
    src = random_tensor({1 + random.below(3), 5 + random.below(8), 5 + random.below(8), groups * group_c}, random);
    weights = random_tensor({outputs, 1 + random.below(3), 1 + random.below(3), group_c}, random);
    bias = random_tensor({outputs}, random);
  }
  std::vector<Operand> operands() const {
    return {Operand::input(src), Operand::constant(weights), Operand::constant(bias)};
  }

  Conv2dAttributes attributes;
  Tensor src, weights, bias;
};

class RandomConv2d : public ::testing::TestWithParam<uint64_t> {};

TEST_P(RandomConv2d, FastAgreesWithPlain) {
  const RandomCase c(GetParam());
  expect_fast_agrees("conv_2d", c.attributes, c.operands());
}

TEST_P(RandomConv2d, PlainAgreesWithNaive) {
  RandomCase c(GetParam());
  c.attributes.activation = Activation::None;
  const auto got =
      run_operator("conv_2d", c.attributes, {Operand::input(c.src), Operand::constant(c.weights)}, Engine::Reference);
  ASSERT_TRUE(got) << got.error().to_string();
  const Window h = c.attributes.window_h(c.weights.shape()[1]), w = c.attributes.window_w(c.weights.shape()[2]);
  const int64_t top = padding_extents(c.src.shape()[1], got->shape()[1], h, c.attributes.padding).before;
  const int64_t left = padding_extents(c.src.shape()[2], got->shape()[2], w, c.attributes.padding).before;
  expect_close(got, naive_conv_2d(c.src, c.weights, Tensor(DType::Float32, got->shape()), h, w, top, left));
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomConv2d, ::testing::Range<uint64_t>(0, 40));

TEST(Conv2d, InfersTheShape) {
  EXPECT_EQ(inferred("conv_2d", Conv2dAttributes{.stride_h = 2}, {f32({kDynamic, 7, 9, 3}), f32({8, 3, 3, 3})}),
            "f32[?, 4, 9, 8]");
  EXPECT_EQ(inferred("conv_2d", Conv2dAttributes{.padding = Padding::Valid, .dilation_w = 2},
                     {f32({1, 7, 9, 4}), f32({8, 3, 3, 2})}),
            "f32[1, 5, 5, 8]");
}

TEST(Conv2d, RejectsOperandsOfAnotherRank) {
  EXPECT_THAT(inferred("conv_2d", Conv2dAttributes{}, {f32({7, 9, 3}), f32({8, 3, 3, 3})}),
              HasSubstr("'src' has the shape [7, 9, 3], 4 dimensions were expected"));
  EXPECT_THAT(inferred("conv_2d", Conv2dAttributes{}, {f32({1, 7, 9, 3}), f32({8, 27})}),
              HasSubstr("'weights' has the shape [8, 27]"));
}

TEST(Conv2d, RejectsWeightsThatDoNotFit) {
  EXPECT_THAT(inferred("conv_2d", Conv2dAttributes{}, {f32({1, 7, 9, 4}), f32({8, 3, 3, 3})}),
              HasSubstr("do not fit 4 input channels"));
  EXPECT_THAT(inferred("conv_2d", Conv2dAttributes{}, {f32({1, 7, 9, 4}), f32({7, 3, 3, 2})}),
              HasSubstr("do not fit 4 input channels"));
}

TEST(Conv2d, RejectsAStrideOfZero) {
  EXPECT_EQ(inferred("conv_2d", Conv2dAttributes{.stride_w = 0}, {f32({1, 7, 9, 3}), f32({8, 3, 3, 3})}),
            "stride_w is 0, at least 1 was expected");
  EXPECT_EQ(
      inferred("conv_2d", Conv2dAttributes{.stride_w = kMostElements + 1}, {f32({1, 4, 4, 2}), f32({1, 1, 1, 2})}),
      "stride_w is 281474976710657, the extent of a tensor was expected");
}

TEST(Conv2d, RejectsABiasOfAnotherSize) {
  EXPECT_EQ(inferred("conv_2d", Conv2dAttributes{}, {f32({1, 7, 9, 3}), f32({8, 3, 3, 3}), f32({7})}),
            "'bias' has the shape [7], 8 elements were expected");
}

TEST(Conv2d, KernelsSayWhyTheyDecline) {
  const Tensor src(DType::Float32, {1, 4, 4, 1});
  const auto got =
      run_operator("conv_2d", Conv2dAttributes{},
                   {Operand::input(src), Operand::constant(Tensor(DType::Int8, {1, 3, 3, 1}))}, Engine::Reference);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::Unsupported);
  EXPECT_THAT(got.error().message, HasSubstr("dynamic range: the weights have no quantisation parameters"));
}

}  // namespace
}  // namespace pare
