#include "quant/histogram.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/random.h"

namespace pare {
namespace {

float largest(const std::vector<float>& values) {
  float magnitude = 0;
  for (const float v : values) magnitude = std::max(magnitude, std::fabs(v));
  return magnitude;
}

std::vector<float> normal_values(size_t count, uint64_t seed, float scale) {
  Random random(seed);
  std::vector<float> values(count);
  for (float& v : values) v = scale * random.normal();
  return values;
}

TEST(Histogram, CountsEveryValueInTheBinThatCoversIt) {
  const std::vector<float> values{-2.9f, -0.001f, 0.f, 0.f, 0.001f, 1.5f, 3.999f};
  Histogram histogram;
  histogram.add(values, 3.999f);
  EXPECT_EQ(histogram.count(), 7);
  EXPECT_EQ(histogram.zeros(), 2);
  const std::vector<int64_t> bins = histogram.bins();
  EXPECT_EQ(std::accumulate(bins.begin(), bins.end(), int64_t{0}), 5);
  for (const float v : values) {
    if (v == 0) continue;
    const double place = v / histogram.width();
    const auto bin = static_cast<size_t>((v < 0 ? std::ceil(place) - 1 : std::floor(place)) + Histogram::kBins);
    EXPECT_GE(bins[bin], 1) << v;
  }
}

TEST(Histogram, OrderAndPartitionDoNotMatter) {
  std::vector<std::vector<float>> parts{
      normal_values(500, 1, 0.1f), normal_values(300, 2, 40.f), normal_values(700, 3, 1.f), {0.f}, {}};
  Histogram forward, backward, merged;
  for (const auto& part : parts) forward.add(part, largest(part));
  std::reverse(parts.begin(), parts.end());
  for (const auto& part : parts) backward.add(part, largest(part));
  for (const auto& part : parts) {
    Histogram single;
    single.add(part, largest(part));
    merged.merge(single);
  }
  EXPECT_EQ(forward.bins(), backward.bins());
  EXPECT_EQ(forward.width(), backward.width());
  EXPECT_EQ(merged.bins(), backward.bins());
  EXPECT_EQ(merged.width(), backward.width());
  EXPECT_EQ(merged.count(), 1501);
  EXPECT_EQ(merged.zeros(), 1);
}

TEST(Histogram, GrowsByMergingNeighbours) {
  Histogram histogram;
  histogram.add(std::vector<float>{0.5f}, 0.5f);
  const double narrow = histogram.width();
  histogram.add(std::vector<float>{100.f}, 100.f);
  EXPECT_GE(histogram.width() * Histogram::kBins, 100);
  EXPECT_GT(histogram.width(), narrow);
  EXPECT_EQ(histogram.count(), 2);
}

TEST(Histogram, TakesTheExtremesOfFloat) {
  Histogram histogram;
  const std::vector<float> values{3.4e38f, -3.4e38f, 1e-37f, -1e-37f};
  histogram.add(values, 3.4e38f);
  const std::vector<int64_t> bins = histogram.bins();
  EXPECT_EQ(std::accumulate(bins.begin(), bins.end(), int64_t{0}), 4);
  Histogram tiny;
  tiny.add(std::vector<float>{1e-37f}, 1e-37f);
  tiny.merge(histogram);
  EXPECT_EQ(tiny.count(), 5);
}

TEST(Histogram, StrideSkipsElements) {
  Histogram histogram;
  histogram.add(std::vector<float>{1, 2, 3, 4, 5, 6, 7}, 7.f, 3);
  EXPECT_EQ(histogram.count(), 3);  // 1, 4, 7
}

}  // namespace
}  // namespace pare
