#include "ops/quantize.h"

#include <limits>

#include "testing/operators.h"

namespace pare {
namespace {

using namespace pare::testing;
using ::testing::HasSubstr;

TEST(Quantize, RoundsTiesAwayFromZeroAndSaturates) {
  const Tensor src =
      Tensor::vector<float>({0.25f, -0.25f, 0.74f, 1e9f, -1e9f, std::numeric_limits<float>::quiet_NaN()});
  const auto got = run_operator("quantize", QuantizeAttributes{}, {Operand::input(src)}, Engine::Reference,
                                Quantization::per_tensor(0.5f, 3));
  ASSERT_TRUE(got) << got.error().to_string();
  EXPECT_EQ(to_int64(*got), (std::vector<int64_t>{4, 2, 4, 127, -128, -128}));
}

TEST(Quantize, UsesAScaleForEachSlice) {
  const Tensor src = Tensor::of<float>({2, 2}, {1, 1, 2, 2});
  const auto got = run_operator("quantize", QuantizeAttributes{.dtype = DType::Int16}, {Operand::input(src)},
                                Engine::Reference, Quantization::per_axis({0.5f, 0.1f}, 1));
  ASSERT_TRUE(got) << got.error().to_string();
  EXPECT_EQ(to_int64(*got), (std::vector<int64_t>{2, 10, 4, 20}));
}

TEST(Dequantize, IsTheInverseOnRepresentableNumbers) {
  std::vector<int8_t> codes;
  for (int code = -128; code < 128; ++code) codes.push_back(static_cast<int8_t>(code));
  const auto quantization = Quantization::per_tensor(0.037f, -5);
  const auto real = run_operator("dequantize", NoAttributes{}, {Operand::input(Tensor::vector(codes), quantization)},
                                 Engine::Reference);
  ASSERT_TRUE(real) << real.error().to_string();
  const auto back =
      run_operator("quantize", QuantizeAttributes{}, {Operand::input(*real)}, Engine::Reference, quantization);
  ASSERT_TRUE(back) << back.error().to_string();
  EXPECT_EQ(*back, Tensor::vector(codes));
}

TEST(Dequantize, ReadsBlocks) {
  const Operand src =
      Operand::constant(Tensor::of<int8_t>({1, 4}, {1, 2, 3, 4}), Quantization{{0.5f, 2}, {0, 0}, 0, 2});
  expect_close(run_operator("dequantize", NoAttributes{}, {src}, Engine::Reference),
               Tensor::of<float>({1, 4}, {0.5f, 1, 6, 8}));
}

TEST(Quantize, RejectsPlainIntegersAndFloatResults) {
  EXPECT_EQ(inferred("quantize", QuantizeAttributes{}, {i32({3})}),
            "'src' is i32, f32 or a quantised type was expected");
  EXPECT_EQ(inferred("quantize", QuantizeAttributes{.dtype = DType::Float32}, {f32({3})}),
            "attribute dtype is f32, an integer type was expected");
  EXPECT_EQ(inferred("quantize", QuantizeAttributes{.dtype = DType::UInt8}, {f32({3})}), "u8[3]");
}

TEST(Dequantize, RejectsPlainIntegers) {
  EXPECT_EQ(inferred("dequantize", NoAttributes{}, {i32({3})}), "'src' is i32, f16 or a quantised type was expected");
}

TEST(Quantize, NeedsParametersOfTheResult) {
  const auto got =
      run_operator("quantize", QuantizeAttributes{}, {Operand::input(Tensor::vector<float>({1}))}, Engine::Reference);
  ASSERT_FALSE(got);
  EXPECT_THAT(got.error().message, HasSubstr("the result has no quantisation parameters"));
}

}  // namespace
}  // namespace pare
