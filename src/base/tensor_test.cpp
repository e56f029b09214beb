#include "base/tensor.h"

#include <gmock/gmock.h>

namespace pare {
namespace {

using ::testing::ElementsAre;

TEST(Tensor, CopiesShareBytesUntilWritten) {
  const Tensor original = Tensor::vector<float>({1, 2, 3});
  Tensor copy = original;
  EXPECT_TRUE(copy.shares_bytes_with(original));
  copy.mutable_values<float>()[0] = 9;
  EXPECT_THAT(original.values<float>(), ElementsAre(1, 2, 3));
  EXPECT_THAT(copy.values<float>(), ElementsAre(9, 2, 3));
}

TEST(Tensor, RefusesAccessAsAnotherType) {
  const Tensor tensor = Tensor::scalar<float>(1);
  EXPECT_THROW(tensor.values<int32_t>(), InternalError);
}

TEST(Tensor, Int4RoundTrip) {
  const std::vector<int8_t> codes{-8, 7, 0, -1, 3};
  EXPECT_EQ(unpack_int4(pack_int4(codes), 5), codes);
}

TEST(Half, RoundsToNearestEven) {
  EXPECT_EQ(to_half(1.0f).bits, 0x3C00);
  EXPECT_EQ(to_half(65520.0f).bits, 0x7C00);  // half way to 65536: overflows
  EXPECT_EQ(to_half(65519.0f).bits, 0x7BFF);
  EXPECT_EQ(to_half(0x1p-25f).bits, 0x0000);  // half way between 0 and the smallest subnormal: to even
  EXPECT_EQ(to_half(-0x1.8p-24f).bits, 0x8002);
}

TEST(Half, EveryFiniteValueSurvives) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    if ((bits & 0x7C00) == 0x7C00) continue;
    EXPECT_EQ(to_half(to_float(Half{static_cast<uint16_t>(bits)})).bits, bits);
  }
}

TEST(Tensor, FloatsBeyondIntegersStopAtTheirEnds) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_THAT(to_int64(Tensor::vector<float>({-1.9f, std::nanf(""), kInfinity, -1e30f, 0x1p62f})),
              ::testing::ElementsAre(-1, 0, std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min(),
                                     int64_t{1} << 62));
}

TEST(Shape, BroadcastFollowsNumpy) {
  EXPECT_EQ(broadcast(Shape{4, 1, 3}, Shape{5, 1}), (Shape{4, 5, 3}));
  EXPECT_EQ(broadcast(Shape{kDynamic, 3}, Shape{1, 3}), (Shape{kDynamic, 3}));
  EXPECT_EQ(broadcast(Shape{2}, Shape{3}), std::nullopt);
}

TEST(Shape, CheckedElementsRefusesOverflow) {
  EXPECT_EQ((Shape{1 << 30, 1 << 30, 1 << 30}).checked_elements(), std::nullopt);
  EXPECT_EQ((Shape{0, 1 << 30, 1 << 30}).checked_elements(), 0);
}

}  // namespace
}  // namespace pare
