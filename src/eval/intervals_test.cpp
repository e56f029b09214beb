#include "eval/intervals.h"

#include <gmock/gmock.h>

namespace pare {
namespace {

// 81 of 263: the example of Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I, method 3.
TEST(Wilson, PublishedExamples) {
  EXPECT_NEAR(wilson_interval(81, 263).low, 0.2553, 5e-5);
  EXPECT_NEAR(wilson_interval(81, 263).high, 0.3662, 5e-5);
  EXPECT_NEAR(wilson_interval(15, 148).low, 0.0624, 5e-5);
  EXPECT_NEAR(wilson_interval(15, 148).high, 0.1605, 5e-5);
  EXPECT_NEAR(wilson_interval(0, 20).low, 0, 1e-12);
  EXPECT_NEAR(wilson_interval(0, 20).high, 0.1611, 5e-5);
  EXPECT_EQ(wilson_interval(0, 0).high, 1);
}

std::vector<uint8_t> judged(int both, int first, int second, int neither, bool of_first) {
  std::vector<uint8_t> right;
  right.insert(right.end(), static_cast<size_t>(both), 1);
  right.insert(right.end(), static_cast<size_t>(first), of_first ? 1 : 0);
  right.insert(right.end(), static_cast<size_t>(second), of_first ? 0 : 1);
  right.insert(right.end(), static_cast<size_t>(neither), 0);
  return right;
}

PairedComparison compare(int both, int first, int second, int neither) {
  return compare_paired(judged(both, first, second, neither, true), judged(both, first, second, neither, false));
}

TEST(Paired, CountsAndDifference) {
  const PairedComparison result = compare(90, 1, 5, 4);
  EXPECT_EQ(result.both_right, 90);
  EXPECT_EQ(result.only_first, 1);
  EXPECT_EQ(result.only_second, 5);
  EXPECT_EQ(result.both_wrong, 4);
  EXPECT_DOUBLE_EQ(result.difference, 0.04);
  EXPECT_LT(result.interval.low, 0.04);
  EXPECT_GT(result.interval.high, 0.04);
}

// Two-sided binomial probabilities by hand: 2 * (1 + 6) / 2^6 and 2 / 2^8.
TEST(Paired, ExactTest) {
  EXPECT_NEAR(compare(10, 1, 5, 0).p_value, 14.0 / 64, 1e-12);
  EXPECT_NEAR(compare(10, 8, 0, 0).p_value, 2.0 / 256, 1e-12);
  EXPECT_TRUE(compare(10, 8, 0, 0).significant());
  EXPECT_EQ(compare(10, 3, 3, 0).p_value, 1);
  EXPECT_EQ(compare(10, 0, 0, 2).p_value, 1);
  EXPECT_NEAR(compare(0, 4000, 4200, 0).p_value, 0.0279, 5e-4);  // large numbers neither overflow nor vanish
}

TEST(Paired, IntervalIsSymmetricForEqualDiscordantCounts) {
  const PairedComparison result = compare(100, 7, 7, 20);
  EXPECT_DOUBLE_EQ(result.difference, 0);
  EXPECT_DOUBLE_EQ(result.interval.low, -result.interval.high);
  // half = z / (n + 2) * sqrt(b + c + 1)
  EXPECT_NEAR(result.interval.high, 1.959964 / 136 * std::sqrt(15.0), 1e-6);
}

}  // namespace
}  // namespace pare
