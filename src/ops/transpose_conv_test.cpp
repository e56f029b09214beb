#include "ops/transpose_conv.h"

#include "testing/naive_operators.h"
#include "testing/operators.h"

namespace pare {
namespace {

using namespace pare::testing;
using ::testing::HasSubstr;

class RandomTransposeConv : public ::testing::TestWithParam<uint64_t> {};

TEST_P(RandomTransposeConv, KernelsAgree) {
  Random random(GetParam());
  TransposeConvAttributes attributes;
  attributes.padding = pick<Padding>(random, {Padding::Same, Padding::Valid});
  attributes.stride_h = 1 + random.below(3);
  attributes.stride_w = 1 + random.below(3);
  const int64_t batch = 1 + random.below(2), channels = 1 + random.below(5), outputs = 1 + random.below(5);
  const Tensor weights = random_tensor({outputs, 1 + random.below(4), 1 + random.below(4), channels}, random);
  // Any result of a forward convolution is a valid input of the transposed one.
  const int64_t height = 5 + random.below(6), width = 5 + random.below(6);
  const Window h = attributes.window_h(weights.shape()[1]), w = attributes.window_w(weights.shape()[2]);
  const int64_t src_h = output_extent(height, h, attributes.padding),
                src_w = output_extent(width, w, attributes.padding);
  const Tensor src = random_tensor({batch, src_h, src_w, channels}, random);
  const Tensor shape = Tensor::vector<int32_t>({static_cast<int32_t>(batch), static_cast<int32_t>(height),
                                                static_cast<int32_t>(width), static_cast<int32_t>(outputs)});
  const auto plain =
      run_operator("transpose_conv", attributes,
                   {Operand::constant(shape), Operand::constant(weights), Operand::input(src)}, Engine::Reference);
  expect_close(plain, naive_transpose_conv(src, weights, Tensor(DType::Float32, {batch, height, width, outputs}),
                                           attributes.stride_h, attributes.stride_w,
                                           padding_extents(height, src_h, h, attributes.padding).before,
                                           padding_extents(width, src_w, w, attributes.padding).before));
  attributes.activation = pick<Activation>(random, {Activation::None, Activation::Relu, Activation::Relu6});
  expect_fast_agrees("transpose_conv", attributes,
                     {Operand::constant(shape), Operand::constant(weights), Operand::input(src),
                      Operand::constant(random_tensor({outputs}, random))});
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomTransposeConv, ::testing::Range<uint64_t>(0, 40));

std::string infer(std::vector<int32_t> output_shape, Shape weights, Shape src,
                  TransposeConvAttributes attributes = {.stride_h = 2, .stride_w = 2}) {
  const Tensor shape = Tensor::vector<int32_t>(output_shape);
  return inferred("transpose_conv", attributes, {i32(shape.shape()), f32(std::move(weights)), f32(std::move(src))},
                  {{0, shape}});
}

TEST(TransposeConv, InfersTheShape) {
  EXPECT_EQ(infer({1, 8, 7, 5}, {5, 3, 3, 2}, {kDynamic, 4, 4, 2}), "f32[?, 8, 7, 5]");
  EXPECT_EQ(inferred("transpose_conv", TransposeConvAttributes{}, {i32({4}), f32({5, 3, 3, 2}), f32({1, 4, 4, 2})}),
            "f32[1, ?, ?, 5]");
}

TEST(TransposeConv, RejectsAnOutputShapeThatDoesNotFit) {
  EXPECT_THAT(
      infer({1, 9, 8, 5}, {5, 3, 3, 2}, {1, 4, 4, 2}),
      HasSubstr("output_shape asks for a height of 9, which takes 5 input elements with same padding; src has 4"));
  EXPECT_THAT(infer({1, 0, 8, 5}, {5, 3, 3, 2}, {1, 4, 4, 2}), HasSubstr("output_shape asks for a height of 0"));
  EXPECT_THAT(infer({1, 8, 8, 6}, {5, 3, 3, 2}, {1, 4, 4, 2}),
              HasSubstr("output_shape asks for 6 channels, the weights give 5"));
  EXPECT_THAT(infer({8, 8}, {5, 3, 3, 2}, {1, 4, 4, 2}), HasSubstr("output_shape has 2 elements, 4 were expected"));
}

TEST(TransposeConv, RejectsWeightsStridesAndRanks) {
  EXPECT_THAT(infer({1, 8, 8, 5}, {5, 3, 3, 3}, {1, 4, 4, 2}), HasSubstr("do not fit 2 input channels"));
  EXPECT_THAT(infer({1, 8, 8, 5}, {5, 9, 3}, {1, 4, 4, 2}), HasSubstr("'weights' has the shape [5, 9, 3]"));
  EXPECT_THAT(infer({1, 8, 8, 5}, {5, 3, 3, 2}, {4, 4, 2}), HasSubstr("'src' has the shape [4, 4, 2]"));
  EXPECT_THAT(infer({1, 8, 8, 5}, {5, 3, 3, 2}, {1, 4, 4, 2}, {.stride_h = 0}), HasSubstr("stride_h is 0"));
  EXPECT_THAT(
      inferred("transpose_conv", TransposeConvAttributes{}, {i32({1, 4}), f32({5, 3, 3, 2}), f32({1, 4, 4, 2})}),
      HasSubstr("'output_shape' has the shape [1, 4]"));
  EXPECT_THAT(inferred("transpose_conv", TransposeConvAttributes{}, {f32({4}), f32({5, 3, 3, 2}), f32({1, 4, 4, 2})}),
              HasSubstr("'output_shape' is f32, i32 or i64 was expected"));
  EXPECT_THAT(
      inferred("transpose_conv", TransposeConvAttributes{}, {i32({4}), f32({5, 3, 3, 2}), f32({1, 4, 4, 2}), f32({4})}),
      HasSubstr("5 elements were expected"));
}

}  // namespace
}  // namespace pare
