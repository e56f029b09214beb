#include "quant/range_estimate.h"

#include <gmock/gmock.h>

#include <cmath>

#include "base/random.h"

namespace pare {
namespace {

Statistics statistics_of(const std::vector<float>& values) {
  Statistics statistics;
  statistics.add(values, static_cast<int64_t>(values.size()), 1,
                 false);  // every element a sample: the histogram sees all
  return statistics;
}

std::vector<float> heavy_tailed(size_t count, bool rectified) {
  Random random(11);
  std::vector<float> values(count);
  for (float& v : values) {
    v = random.normal() / std::sqrt(static_cast<float>(random.uniform()) + 1e-3f);
    if (rectified) v = std::max(v, 0.f);
  }
  return values;
}

double squared_error(const std::vector<float>& values, Range range) {
  const Quantization q = activation_parameters(range, DType::Int8);
  double error = 0;
  for (const float v : values) {
    const double code = std::clamp(std::round(v / q.scale()) + static_cast<double>(q.zero_point()), -128.0, 127.0);
    error += std::pow(v - q.scale() * (code - static_cast<double>(q.zero_point())), 2);
  }
  return error;
}

TEST(RangeEstimate, MinMaxIsWhatWasSeenWithZero) {
  EXPECT_EQ(estimate_range(statistics_of({1, 2, 7}), {.method = RangeMethod::MinMax}), (Range{0, 7}));
  EXPECT_EQ(estimate_range(statistics_of({-1, 2}), {.method = RangeMethod::MinMax}), (Range{-1, 2}));
}

TEST(RangeEstimate, PercentileCutsBothTails) {
  std::vector<float> values(10000, 1.f);
  for (size_t i = 0; i < 5000; ++i) values[i] = -1.f;
  values[0] = -50.f;
  values[9999] = 80.f;
  const Range all = estimate_range(statistics_of(values), {.method = RangeMethod::Percentile, .percentile = 100});
  EXPECT_EQ(all, (Range{-50, 80}));
  const Range cut = estimate_range(statistics_of(values), {.method = RangeMethod::Percentile, .percentile = 99.9});
  EXPECT_NEAR(cut.lowest, -1, 0.1);
  EXPECT_NEAR(cut.highest, 1, 0.1);
}

TEST(RangeEstimate, MseIsNoWorseThanAnyClippingOnAGrid) {
  for (const bool rectified : {false, true}) {
    const std::vector<float> values = heavy_tailed(20000, rectified);
    const Statistics statistics = statistics_of(values);
    const Range chosen = estimate_range(statistics, {.method = RangeMethod::Mse});
    const double reached = squared_error(values, chosen);
    double best = squared_error(values, statistics.range);
    for (double ratio = 0.05; ratio <= 1; ratio += 0.05)
      best = std::min(best, squared_error(values, {static_cast<float>(statistics.range.lowest * ratio),
                                                   static_cast<float>(statistics.range.highest * ratio)}));
    EXPECT_LE(reached, best * 1.02) << "rectified " << rectified;
    if (rectified) { EXPECT_EQ(chosen.lowest, 0); }
  }
}

TEST(RangeEstimate, MseKeepsEverythingOfAUniformDistribution) {
  Random random(5);
  std::vector<float> values(50000);
  for (float& v : values) v = random.uniform(-1, 3);
  const Range chosen = estimate_range(statistics_of(values), {.method = RangeMethod::Mse});
  EXPECT_NEAR(chosen.lowest, -1, 0.05);
  EXPECT_NEAR(chosen.highest, 3, 0.05);
}

TEST(RangeEstimate, AllZeroGivesAnEmptyRange) {
  for (const RangeMethod method : {RangeMethod::MinMax, RangeMethod::Percentile, RangeMethod::Mse})
    EXPECT_EQ(estimate_range(statistics_of(std::vector<float>(100, 0.f)), {.method = method}), (Range{0, 0}));
}

}  // namespace
}  // namespace pare
