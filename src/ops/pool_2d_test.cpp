#include "ops/pool_2d.h"

#include "testing/operators.h"

namespace pare {
namespace {

using namespace pare::testing;
using ::testing::HasSubstr;

class RandomPool2d : public ::testing::TestWithParam<uint64_t> {};

TEST_P(RandomPool2d, FastAgreesWithPlain) {
  Random random(GetParam());
  Pool2dAttributes attributes;
  attributes.padding = pick<Padding>(random, {Padding::Same, Padding::Valid});
  attributes.window_h = 1 + random.below(4);
  attributes.window_w = 1 + random.below(4);
  attributes.stride_h = 1 + random.below(3);
  attributes.stride_w = 1 + random.below(3);
  attributes.activation = pick<Activation>(random, {Activation::None, Activation::None, Activation::Relu});
  const Tensor src =
      random_tensor({1 + random.below(3), 4 + random.below(6), 4 + random.below(6), 1 + random.below(20)}, random);
  for (const char* op : {"average_pool_2d", "max_pool_2d"}) {
    SCOPED_TRACE(op);
    expect_fast_agrees(op, attributes, {Operand::input(src)});
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomPool2d, ::testing::Range<uint64_t>(0, 30));

TEST(Pool2d, PaddingDoesNotCount) {
  const Tensor src = Tensor::of<float>({1, 2, 3, 1}, {-1, -2, -3, -4, -5, -6});
  const Pool2dAttributes attributes{
      .padding = Padding::Same, .window_h = 2, .window_w = 2, .stride_h = 2, .stride_w = 2};
  for (const Engine engine : {Engine::Fast, Engine::Reference}) {
    expect_close(run_operator("average_pool_2d", attributes, {Operand::input(src)}, engine),
                 Tensor::of<float>({1, 1, 2, 1}, {-3, -4.5}));
    expect_close(run_operator("max_pool_2d", attributes, {Operand::input(src)}, engine),
                 Tensor::of<float>({1, 1, 2, 1}, {-1, -3}));
  }
}

TEST(Pool2d, IntegerMeansRoundAwayFromZero) {
  const Tensor src = Tensor::of<int8_t>({1, 1, 4, 1}, {-1, -2, 1, 2});
  const Pool2dAttributes attributes{.window_h = 1, .window_w = 2, .stride_h = 1, .stride_w = 2};
  const auto quantization = Quantization::per_tensor(0.5f, 3);
  const auto got =
      run_operator("average_pool_2d", attributes, {Operand::input(src, quantization)}, Engine::Reference, quantization);
  ASSERT_TRUE(got) << got.error().to_string();
  EXPECT_EQ(to_int64(*got), (std::vector<int64_t>{-2, 2}));
}

TEST(Pool2d, InfersTheShape) {
  EXPECT_EQ(inferred("max_pool_2d", Pool2dAttributes{.window_h = 2, .window_w = 3, .stride_h = 2, .stride_w = 1},
                     {f32({kDynamic, 7, 9, 3})}),
            "f32[?, 3, 7, 3]");
}

TEST(Pool2d, RejectsBadOperandsAndWindows) {
  EXPECT_THAT(inferred("max_pool_2d", Pool2dAttributes{}, {f32({7, 9, 3})}), HasSubstr("4 dimensions were expected"));
  EXPECT_EQ(inferred("average_pool_2d", Pool2dAttributes{.window_w = 0}, {f32({1, 7, 9, 3})}),
            "window_w is 0, at least 1 was expected");
  EXPECT_EQ(inferred("average_pool_2d", Pool2dAttributes{.stride_h = -2}, {f32({1, 7, 9, 3})}),
            "stride_h is -2, at least 1 was expected");
}

}  // namespace
}  // namespace pare
