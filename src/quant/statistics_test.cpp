#include "quant/statistics.h"

#include <gmock/gmock.h>

#include <limits>

#include "base/random.h"

namespace pare {
namespace {

std::vector<float> uniform_values(size_t count, uint64_t seed) {
  Random random(seed);
  std::vector<float> values(count);
  for (float& v : values) v = random.uniform(-2, 5);
  return values;
}

TEST(Statistics, ExtremesComeFromAllElementsEvenOfLargeTensors) {
  std::vector<float> values(100000, 0.5f);
  values[77777] = -31.5f;
  values[99999] = 12.f;
  Statistics statistics;
  EXPECT_EQ(statistics.add(values, 1, 10, false), -1);
  EXPECT_EQ(statistics.range, (Range{-31.5f, 12.f}));
  EXPECT_LT(statistics.histogram.count(), 20000);
  EXPECT_EQ(statistics.elements, 100000);
}

TEST(Statistics, SlicesOfSamplesGiveWhatSingleSamplesGive) {
  const std::vector<float> values = uniform_values(4 * 30000, 3);
  Statistics together, singly;
  together.add(values, 4, 3, false);
  for (size_t s = 0; s < 4; ++s) singly.add(std::span(values).subspan(s * 30000, 30000), 1, 3, false);
  EXPECT_EQ(together.range, singly.range);
  EXPECT_EQ(together.histogram.bins(), singly.histogram.bins());
}

TEST(Statistics, ChannelMeans) {
  Statistics statistics;
  statistics.add(std::vector<float>{1, 10, 3, 20}, 2, 2, true);
  statistics.add(std::vector<float>{5, 60}, 1, 2, true);
  EXPECT_THAT(statistics.channel_means(), ::testing::ElementsAre(3.f, 30.f));
}

TEST(Statistics, MergeAddsUp) {
  Statistics a, b, empty;
  a.add(std::vector<float>{1, 2}, 1, 2, true);
  b.add(std::vector<float>{-4, 6}, 1, 2, true);
  a.merge(b);
  a.merge(empty);
  EXPECT_EQ(a.range, (Range{-4, 6}));
  EXPECT_THAT(a.channel_means(), ::testing::ElementsAre(-1.5f, 4.f));
  empty.merge(a);
  EXPECT_EQ(empty.range, a.range);
}

class NotFinite : public ::testing::TestWithParam<float> {};
TEST_P(NotFinite, IsFoundWhereItIs) {
  for (const size_t at : {size_t{0}, size_t{7}, size_t{40}}) {
    std::vector<float> values(41, 1.f);
    values[at] = GetParam();
    Statistics statistics;
    EXPECT_EQ(statistics.add(values, 1, 1, false), static_cast<int64_t>(at));
  }
}
INSTANTIATE_TEST_SUITE_P(Values, NotFinite,
                         ::testing::Values(std::numeric_limits<float>::quiet_NaN(),
                                           -std::numeric_limits<float>::quiet_NaN(),
                                           std::numeric_limits<float>::infinity(),
                                           -std::numeric_limits<float>::infinity()));

TEST(Statistics, TheLargestFiniteNumbersAreFinite) {
  Statistics statistics;
  EXPECT_EQ(statistics.add(std::vector<float>{std::numeric_limits<float>::max(), std::numeric_limits<float>::lowest()},
                           1, 1, false),
            -1);
}

}  // namespace
}  // namespace pare
