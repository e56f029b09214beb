#include "ops/conv_2d.h"

#include "testing/naive_operators.h"
#include "testing/operators.h"

namespace pare {
namespace {

using namespace pare::testing;
using ::testing::HasSubstr;

class RandomDepthwiseConv2d : public ::testing::TestWithParam<uint64_t> {};

TEST_P(RandomDepthwiseConv2d, KernelsAgree) {
  Random random(GetParam());
  Conv2dAttributes attributes;
  attributes.padding = pick<Padding>(random, {Padding::Same, Padding::Valid});
  attributes.stride_h = 1 + random.below(3);
  attributes.stride_w = 1 + random.below(3);
  attributes.dilation_h = 1 + random.below(2);
  attributes.dilation_w = 1 + random.below(2);
  const int64_t channels = 1 + random.below(20), outputs = channels * (1 + random.below(3));
  const Tensor src = random_tensor({1 + random.below(2), 5 + random.below(8), 5 + random.below(8), channels}, random);
  const Tensor weights = random_tensor({1, 1 + random.below(3), 1 + random.below(3), outputs}, random);
  const auto plain = run_operator("depthwise_conv_2d", attributes, {Operand::input(src), Operand::constant(weights)},
                                  Engine::Reference);
  ASSERT_TRUE(plain) << plain.error().to_string();

  // A grouped convolution with one input channel a group.
  const Shape& k = weights.shape();
  Tensor grouped(DType::Float32, {outputs, k[1], k[2], 1});
  for (int64_t o = 0; o < outputs; ++o)
    for (int64_t t = 0; t < k[1] * k[2]; ++t)
      grouped.mutable_values<float>()[static_cast<size_t>(o * k[1] * k[2] + t)] =
          weights.values<float>()[static_cast<size_t>(t * outputs + o)];
  const Window h = attributes.window_h(k[1]), w = attributes.window_w(k[2]);
  const int64_t top = padding_extents(src.shape()[1], plain->shape()[1], h, attributes.padding).before;
  const int64_t left = padding_extents(src.shape()[2], plain->shape()[2], w, attributes.padding).before;
  expect_close(plain, naive_conv_2d(src, grouped, Tensor(DType::Float32, plain->shape()), h, w, top, left));

  attributes.activation =
      pick<Activation>(random, {Activation::None, Activation::Relu, Activation::Relu6, Activation::ReluN1To1});
  expect_fast_agrees(
      "depthwise_conv_2d", attributes,
      {Operand::input(src), Operand::constant(weights), Operand::constant(random_tensor({outputs}, random))});
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomDepthwiseConv2d, ::testing::Range<uint64_t>(0, 40));

TEST(DepthwiseConv2d, InfersTheShape) {
  EXPECT_EQ(inferred("depthwise_conv_2d", Conv2dAttributes{.stride_h = 2, .stride_w = 2},
                     {f32({kDynamic, 7, 9, 3}), f32({1, 3, 3, 6}), f32({6})}),
            "f32[?, 4, 5, 6]");
}

TEST(DepthwiseConv2d, RejectsWeightsThatDoNotFit) {
  EXPECT_THAT(inferred("depthwise_conv_2d", Conv2dAttributes{}, {f32({1, 7, 9, 4}), f32({1, 3, 3, 6})}),
              HasSubstr("do not fit 4 input channels: their last extent must be a multiple"));
  EXPECT_THAT(inferred("depthwise_conv_2d", Conv2dAttributes{}, {f32({1, 7, 9, 4}), f32({2, 3, 3, 4})}),
              HasSubstr("1,H,W,C was expected"));
  EXPECT_THAT(inferred("depthwise_conv_2d", Conv2dAttributes{}, {f32({1, 7, 9, 4}), f32({3, 3, 4})}),
              HasSubstr("4 dimensions were expected"));
  EXPECT_THAT(inferred("depthwise_conv_2d", Conv2dAttributes{}, {f32({7, 9, 4}), f32({1, 3, 3, 4})}),
              HasSubstr("'src' has the shape"));
}

TEST(DepthwiseConv2d, RejectsBadStridesAndBiases) {
  EXPECT_EQ(inferred("depthwise_conv_2d", Conv2dAttributes{.dilation_h = -1}, {f32({1, 7, 9, 4}), f32({1, 3, 3, 4})}),
            "dilation_h is -1, at least 1 was expected");
  EXPECT_THAT(inferred("depthwise_conv_2d", Conv2dAttributes{}, {f32({1, 7, 9, 4}), f32({1, 3, 3, 4}), f32({5})}),
              HasSubstr("4 elements were expected"));
}

}  // namespace
}  // namespace pare
