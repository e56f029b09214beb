#include "compress/k_means.h"

#include <gmock/gmock.h>

#include <functional>

#include "base/random.h"

namespace pare {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatEq;

std::vector<float> normals(int64_t count, uint64_t seed) {
  Random random(seed);
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(random.normal());
  return values;
}

// The least error of all ways to cut the sorted values into runs.
double least_error(std::vector<float> values, int64_t clusters) {
  std::ranges::sort(values);
  const auto run_error = [&](size_t begin, size_t end) {
    double mean = 0, sum = 0;
    for (size_t i = begin; i < end; ++i) mean += values[i] / static_cast<double>(end - begin);
    for (size_t i = begin; i < end; ++i) sum += (values[i] - mean) * (values[i] - mean);
    return sum;
  };
  const std::function<double(size_t, int64_t)> least = [&](size_t begin, int64_t left) {
    if (left == 1) return run_error(begin, values.size());
    double best = run_error(begin, values.size());
    for (size_t end = begin + 1; end < values.size(); ++end)
      best = std::min(best, run_error(begin, end) + least(end, left - 1));
    return best;
  };
  return least(0, clusters);
}

TEST(KMeans, FindsWhatTryingAllWaysFinds) {
  for (const uint64_t seed : {1, 2, 3, 4, 5})
    for (const int64_t clusters : {1, 2, 3, 4}) {
      const std::vector<float> values = normals(12, seed);
      EXPECT_NEAR(clustering_error(values, {}, k_means(values, {}, clusters)), least_error(values, clusters), 1e-6);
    }
}

TEST(KMeans, IsTheSameOnSeveralThreads) {
  const std::vector<float> values = normals(5000, 7);
  const Clusters one = k_means(values, {}, 16, 1), three = k_means(values, {}, 16, 3);
  EXPECT_EQ(one.centroids, three.centroids);
  EXPECT_EQ(one.codes, three.codes);
}

TEST(KMeans, IsNoWorseThanWhatLloydsStepsComeTo) {
  const std::vector<float> values = normals(3000, 8);
  Clusters lloyd;
  for (int k = 0; k < 9; ++k) lloyd.centroids.push_back(-2 + 0.5f * static_cast<float>(k));
  for (int step = 0; step < 200; ++step) {
    std::vector<double> sums(9, 0), members(9, 0);
    lloyd.codes.clear();
    for (const float value : values) {
      const auto code = static_cast<size_t>(nearest_centroid(lloyd.centroids, value));
      lloyd.codes.push_back(static_cast<int32_t>(code));
      sums[code] += value;
      members[code] += 1;
    }
    for (size_t k = 0; k < 9; ++k) lloyd.centroids[k] = static_cast<float>(sums[k] / members[k]);
  }
  EXPECT_LE(clustering_error(values, {}, k_means(values, {}, 9)), clustering_error(values, {}, lloyd) * (1 + 1e-6));
}

TEST(KMeans, ImportanceCountsAsSoManyValues) {
  const std::vector<float> values{0, 1, 2, 5, 6, 9}, importance{1, 3, 1, 2, 1, 4};
  std::vector<float> repeated;
  for (size_t i = 0; i < values.size(); ++i)
    repeated.insert(repeated.end(), static_cast<size_t>(importance[i]), values[i]);
  EXPECT_EQ(k_means(values, importance, 3).centroids, k_means(repeated, {}, 3).centroids);
}

TEST(KMeans, WhatDoesNotCountGetsTheNearestCentroid) {
  const Clusters found = k_means(std::vector<float>{0, 1, 4, 10}, std::vector<float>{1, 1, 0, 1}, 2);
  EXPECT_THAT(found.centroids, ElementsAre(FloatEq(0.5), FloatEq(10)));
  EXPECT_THAT(found.codes, ElementsAre(0, 0, 0, 1));
}

TEST(KMeans, FewerDifferentValuesThanClustersStay) {
  const Clusters found = k_means(std::vector<float>{3, -1, 3, 3}, {}, 8);
  EXPECT_THAT(found.centroids, ElementsAre(-1, 3));
  EXPECT_THAT(found.codes, ElementsAre(1, 0, 1, 1));
  EXPECT_TRUE(k_means({}, {}, 4).centroids.empty());
  EXPECT_THAT(k_means(std::vector<float>{2, 4}, std::vector<float>{0, 0}, 1).centroids, ElementsAre(3));
}

TEST(KMeans, ManyValuesGoThroughBinsWithLittleLoss) {
  const std::vector<float> values = normals(300'000, 9);
  const Clusters binned = k_means(values, {}, 256, 2);  // more places than are kept
  std::vector<float> fewer(values.begin(), values.begin() + 200'000);
  const double exact = clustering_error(fewer, {}, k_means(fewer, {}, 256, 2)) / 200'000;
  EXPECT_EQ(binned.centroids.size(), 256u);
  EXPECT_NEAR(clustering_error(values, {}, binned) / 300'000, exact, 0.03 * exact);
}

TEST(KMeans, NearestOfTwoIsTheLower) {
  const std::vector<float> centroids{-1, 1, 2};
  EXPECT_EQ(nearest_centroid(centroids, 0), 0);
  EXPECT_EQ(nearest_centroid(centroids, 0.01f), 1);
  EXPECT_EQ(nearest_centroid(centroids, 1e9f), 2);
  EXPECT_EQ(nearest_centroid(centroids, -1e9f), 0);
}

}  // namespace
}  // namespace pare
