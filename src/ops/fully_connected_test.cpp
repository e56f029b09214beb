#include "ops/fully_connected.h"

#include "testing/operators.h"

namespace pare {
namespace {

using namespace pare::testing;
using ::testing::HasSubstr;

class RandomFullyConnected : public ::testing::TestWithParam<uint64_t> {};

TEST_P(RandomFullyConnected, FastAgreesWithPlain) {
  Random random(GetParam());
  FullyConnectedAttributes attributes;
  attributes.activation =
      pick<Activation>(random, {Activation::None, Activation::Relu, Activation::Relu6, Activation::ReluN1To1});
  attributes.keep_num_dims = random.below(2) == 1;
  const int64_t inputs = 1 + random.below(70), outputs = 1 + random.below(40);
  const Tensor src = random_tensor({1 + random.below(3), 1 + random.below(5), inputs}, random);
  std::vector<Operand> operands{Operand::input(src), Operand::constant(random_tensor({outputs, inputs}, random))};
  if (random.below(2) == 1) operands.push_back(Operand::constant(random_tensor({outputs}, random)));
  expect_fast_agrees("fully_connected", attributes, operands);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomFullyConnected, ::testing::Range<uint64_t>(0, 30));

// The dynamic-range kernel stays within the error of 8-bit activations, of the float kernel on the same (dequantised) weights.
TEST_P(RandomFullyConnected, DynamicRangeAgreesWithFloat) {
  Random random(GetParam());
  const int64_t inputs = 8 + random.below(60), outputs = 1 + random.below(20);
  const Tensor src = random_tensor({4, inputs}, random);
  Tensor codes(DType::Int8, {outputs, inputs}), real(DType::Float32, {outputs, inputs});
  for (size_t i = 0; i < codes.values<int8_t>().size(); ++i) {
    codes.mutable_values<int8_t>()[i] = static_cast<int8_t>(random.below(255) - 127);
    real.mutable_values<float>()[i] = 0.01f * static_cast<float>(codes.values<int8_t>()[i]);
  }
  for (const bool asymmetric : {false, true}) {
    const FullyConnectedAttributes attributes{.asymmetric_quantize_inputs = asymmetric};
    expect_close(
        run_operator("fully_connected", attributes,
                     {Operand::input(src), Operand::constant(codes, Quantization::per_tensor(0.01f))},
                     Engine::Reference),
        run_operator("fully_connected", attributes, {Operand::input(src), Operand::constant(real)}, Engine::Reference),
        0.05);
  }
}

TEST(FullyConnected, InfersTheShape) {
  const Attributes flat = FullyConnectedAttributes{}, kept = FullyConnectedAttributes{.keep_num_dims = true};
  EXPECT_EQ(inferred("fully_connected", flat, {f32({kDynamic, 64}), f32({10, 64}), f32({10})}), "f32[?, 10]");
  EXPECT_EQ(inferred("fully_connected", flat, {f32({kDynamic, 4, 4, 4}), f32({10, 64})}), "f32[?, 10]");
  EXPECT_EQ(inferred("fully_connected", flat, {f32({2, 3, 64}), f32({10, 64})}), "f32[6, 10]");
  EXPECT_EQ(inferred("fully_connected", kept, {f32({2, kDynamic, 64}), f32({10, 64})}), "f32[2, ?, 10]");
}

TEST(FullyConnected, RejectsWhatDoesNotFit) {
  const Attributes flat = FullyConnectedAttributes{}, kept = FullyConnectedAttributes{.keep_num_dims = true};
  EXPECT_THAT(inferred("fully_connected", flat, {f32({1, 65}), f32({10, 64})}),
              HasSubstr("src [1, 65] cannot be read as rows of 64 elements"));
  EXPECT_THAT(inferred("fully_connected", kept, {f32({2, 32}), f32({10, 64})}),
              HasSubstr("the last extent of src [2, 32] must be 64"));
  EXPECT_THAT(inferred("fully_connected", flat, {f32({1, 64}), f32({10, 8, 8})}),
              HasSubstr("2 dimensions were expected"));
  EXPECT_THAT(inferred("fully_connected", flat, {f32({1, 64}), f32({10, 0})}),
              HasSubstr("at least one input was expected"));
  EXPECT_THAT(inferred("fully_connected", flat, {f32({1, 64}), f32({10, 64}), f32({9})}),
              HasSubstr("10 elements were expected"));
}

}  // namespace
}  // namespace pare
