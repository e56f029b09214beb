#include "engine/dynamic_quantization.h"

#include <gmock/gmock.h>

#include <array>

namespace pare {
namespace {

using ::testing::ElementsAre;

TEST(DynamicQuantization, SymmetricUsesTheLargestMagnitude) {
  const std::array<float, 4> values{-2, 1, 0, 0.5};
  std::array<int8_t, 4> codes;
  const DynamicRange range = quantize_symmetric(values.data(), 4, codes.data());
  EXPECT_FLOAT_EQ(range.scale, 2.f / 127);
  EXPECT_EQ(range.zero_point, 0);
  EXPECT_THAT(codes, ElementsAre(-127, 64, 0, 32));
}

TEST(DynamicQuantization, AsymmetricSpreadsTheRange) {
  const std::array<float, 3> values{-1, 0, 4};
  std::array<int8_t, 3> codes;
  const DynamicRange range = quantize_asymmetric(values.data(), 3, codes.data());
  EXPECT_FLOAT_EQ(range.scale, 5.f / 255);
  EXPECT_EQ(range.zero_point, -77);
  EXPECT_THAT(codes, ElementsAre(-128, -77, 127));
}

TEST(DynamicQuantization, TheRangeIncludesZero) {
  const std::array<float, 2> values{3, 5};
  std::array<int8_t, 2> codes;
  const DynamicRange range = quantize_asymmetric(values.data(), 2, codes.data());
  EXPECT_FLOAT_EQ(range.scale, 5.f / 255);
  EXPECT_EQ(range.zero_point, -128);
}

TEST(DynamicQuantization, ZerosStayZero) {
  const std::array<float, 2> values{};
  std::array<int8_t, 2> codes{1, 1};
  EXPECT_EQ(quantize_symmetric(values.data(), 2, codes.data()).scale, 1);
  EXPECT_THAT(codes, ElementsAre(0, 0));
  EXPECT_EQ(quantize_asymmetric(values.data(), 2, codes.data()).zero_point, 0);
}

}  // namespace
}  // namespace pare
