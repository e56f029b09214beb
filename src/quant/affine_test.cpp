#include "quant/affine.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "base/random.h"
#include "quant/glob.h"

namespace pare {
namespace {

using ::testing::ElementsAre;

TEST(ActivationParameters, MapTheRangeOntoAllCodes) {
  const Quantization q = activation_parameters({-1, 3}, DType::Int8);
  EXPECT_FLOAT_EQ(q.scale(), 4.f / 255);
  EXPECT_EQ(q.zero_point(), -64);  // -128 + 63.75
  EXPECT_EQ(activation_parameters({-1, 3}, DType::UInt8).zero_point(), 64);
}

TEST(ActivationParameters, WidenToHoldZero) {
  EXPECT_EQ(activation_parameters({2, 5}, DType::Int8), activation_parameters({0, 5}, DType::Int8));
  EXPECT_EQ(activation_parameters({2, 5}, DType::Int8).zero_point(), -128);
  EXPECT_EQ(activation_parameters({-5, -2}, DType::Int8).zero_point(), 127);
}

TEST(ActivationParameters, Int16IsSymmetric) {
  const Quantization q = activation_parameters({-1, 4}, DType::Int16);
  EXPECT_FLOAT_EQ(q.scale(), 4.f / 32767);
  EXPECT_EQ(q.zero_point(), 0);
}

TEST(ActivationParameters, NarrowRangesGetAUsableScale) {
  for (const Range range : {Range{0, 0}, Range{0, 1e-30f}, Range{-1e-9f, 1e-9f}}) {
    EXPECT_NEAR(activation_parameters(range, DType::Int8).scale(), 7.84e-9, 1e-10);
    EXPECT_TRUE(verify(TensorType{DType::Int8, Shape{1}, activation_parameters(range, DType::Int8)}));
  }
}

TEST(ActivationParameters, AnyRangeKeepsZeroExactAndCoversItself) {
  Random random(1);
  for (int i = 0; i < 2000; ++i) {
    const float a = random.normal() * std::exp(10 * random.normal()),
                b = random.normal() * std::exp(10 * random.normal());
    if (!std::isfinite(a) || !std::isfinite(b)) continue;
    const Range range{std::min(a, b), std::max(a, b)};
    for (const DType storage : {DType::Int8, DType::UInt8, DType::Int16}) {
      const Quantization q = activation_parameters(range, storage);
      ASSERT_TRUE(verify(TensorType{storage, Shape{1}, q}));
      const Tensor codes = quantize_tensor(Tensor::vector<float>({0.f, range.lowest, range.highest}), q, storage);
      const auto reals = dequantize_tensor(codes, q);
      EXPECT_EQ(reals.values<float>()[0], 0.f);
      for (size_t k = 1; k < 3; ++k) {
        const float real = k == 1 ? range.lowest : range.highest;
        EXPECT_NEAR(reals.values<float>()[k], real, q.scale() * 1.01f);
      }
    }
  }
}

TEST(WeightParameters, OneScaleAChannelOrOne) {
  const Tensor weights = Tensor::of<float>({2, 1, 1, 3}, {1, -127, 5, 0, 0, 254});
  const Quantization rows = weight_parameters(weights, 0, false);
  EXPECT_THAT(rows.scales, ElementsAre(1.f, 2.f));
  EXPECT_EQ(rows.axis, 0);
  EXPECT_THAT(weight_parameters(weights, 3, false).scales, ElementsAre(1.f / 127, 1.f, 2.f));
  EXPECT_THAT(weight_parameters(weights, 0, true).scales, ElementsAre(2.f));
}

TEST(WeightParameters, AChannelOfZerosHasAUsableScale) {
  const Quantization q = weight_parameters(Tensor::of<float>({2, 2}, {0, 0, 1e-40f, 1}), 0, false);
  EXPECT_GT(q.scales[0], 1e-9f);
}

TEST(Quantize, RoundsTiesAwayFromZeroAndSaturates) {
  const Quantization q = Quantization::per_tensor(1, 0);
  const Tensor codes = quantize_tensor(Tensor::vector<float>({0.5f, -0.5f, 1.5f, 2.4999f, 300, -300}), q, DType::Int8);
  const auto got = codes.values<int8_t>();
  EXPECT_THAT(std::vector<int>(got.begin(), got.end()), ElementsAre(1, -1, 2, 2, 127, -128));
  EXPECT_EQ(quantize_tensor(Tensor::vector<float>({-300}), q, DType::Int8, weight_codes(8)).values<int8_t>()[0], -127);
  EXPECT_EQ(quantize_tensor(Tensor::vector<float>({1e30f}), q, DType::Int64).values<int64_t>()[0],
            std::numeric_limits<int64_t>::max());
}

TEST(Quantize, InfinitySaturates) {
  const float infinity = std::numeric_limits<float>::infinity();
  const Tensor codes =
      quantize_tensor(Tensor::vector<float>({infinity, -infinity}), Quantization::per_tensor(0.5f, 3), DType::Int8);
  EXPECT_EQ(codes.values<int8_t>()[0], 127);
  EXPECT_EQ(codes.values<int8_t>()[1], -128);
}

TEST(WeightParameters, FewBitsClipWhereThatLessensTheError) {
  // Many small values and one large one: seven codes either side reach further with less error when they leave it out.
  std::vector<float> values(200, 0.1f);
  for (size_t i = 0; i < 100; ++i) values[i] = -0.1f;
  values[0] = 1.5f;
  Tensor weights = Tensor::of<float>({1, 200}, values);
  const auto error = [&](float scale) {
    const Tensor back =
        dequantize_tensor(quantize_tensor(weights, Quantization::per_tensor(scale), DType::Int8, weight_codes(4)),
                          Quantization::per_tensor(scale));
    double sum = 0;
    for (size_t i = 0; i < 200; ++i) sum += std::pow(back.values<float>()[i] - weights.values<float>()[i], 2);
    return sum;
  };
  const float chosen = weight_parameters(weights, 0, false, 4).scales[0];
  EXPECT_LT(chosen, weight_scale(1.5f, 4));
  for (int percent = 20; percent <= 100; ++percent)
    EXPECT_LE(error(chosen), error(weight_scale(1.5f, 4) * static_cast<float>(percent) / 100) + 1e-6);
  EXPECT_FLOAT_EQ(weight_parameters(weights, 0, false, 8).scales[0], 1.5f / 127);
}

TEST(Quantize, Int4IsPackedTwoInAByte) {
  const Tensor codes =
      quantize_tensor(Tensor::vector<float>({-9, 1, 3}), Quantization::per_tensor(1), DType::Int4, weight_codes(4));
  EXPECT_EQ(codes.bytes().size(), 2u);
  EXPECT_THAT(unpack_int4(codes.bytes(), 3), ElementsAre(-7, 1, 3));
}

TEST(ActivationParameters, FewBitsTakeTheLowestCodes) {
  const Quantization q = activation_parameters({0, 3}, DType::Int8, 4);
  EXPECT_FLOAT_EQ(q.scale(), 3.f / 15);
  EXPECT_EQ(q.zero_point(), -128);
  EXPECT_EQ(activation_codes(DType::Int8, 4).highest, -113);
}

TEST(Quantize, PerChannelErrorIsWithinHalfAStep) {
  Random random(2);
  Tensor weights(DType::Float32, {3, 3, 2, 5});
  for (float& w : weights.mutable_values<float>()) w = random.normal();
  for (int axis = 0; axis < 4; ++axis) {
    const Quantization q = weight_parameters(weights, axis, false);
    const Tensor back = dequantize_tensor(quantize_tensor(weights, q, DType::Int8, weight_codes(8)), q);
    const float step = *std::max_element(q.scales.begin(), q.scales.end());
    for (size_t i = 0; i < 90; ++i) EXPECT_NEAR(back.values<float>()[i], weights.values<float>()[i], step * 0.5001f);
  }
}

TEST(FiniteRange, LeavesInfinityOut) {
  const std::vector<float> values{-std::numeric_limits<float>::infinity(), 2, -3};
  EXPECT_EQ(finite_range(values), (Range{-3, 2}));
  EXPECT_EQ(finite_range({}), (Range{0, 0}));
}

TEST(Float16, ClampsToTheLargestHalf) {
  const Tensor halves = to_float16(Tensor::vector<float>({1e6f, -1e6f, 0.5f}));
  EXPECT_EQ(to_float(halves.values<Half>()[0]), 65504.f);
  EXPECT_EQ(to_float(halves.values<Half>()[1]), -65504.f);
  EXPECT_EQ(to_float(halves.values<Half>()[2]), 0.5f);
}

TEST(Glob, StarsAndQuestionMarks) {
  EXPECT_TRUE(matches_glob("*", ""));
  EXPECT_TRUE(matches_glob("stem/*", "stem/conv"));
  EXPECT_TRUE(matches_glob("*conv?", "block_1/conv2"));
  EXPECT_TRUE(matches_glob("a*b*c", "a__b__b__c"));
  EXPECT_FALSE(matches_glob("conv", "conv2"));
  EXPECT_FALSE(matches_glob("a?c", "ac"));
  EXPECT_FALSE(matches_glob("*b", "abc"));
}

}  // namespace
}  // namespace pare
