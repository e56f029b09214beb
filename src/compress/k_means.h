// K-means of numbers, exactly: the best clusters of values on a line are runs of the sorted values, so dynamic programming finds them.
// Wang and Song (2011); divide and conquer over the monotone ends of the runs as in Grønlund et al. (2017).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace pare {

struct Clusters {
  std::vector<float> centroids;  // ascending, all different; at most as many as were asked for
  std::vector<int32_t> codes;    // of each value, which centroid stands for it
};

// The clusters of the least sum of importance * (value - centroid)^2. `importance` is one number a value, not negative, or empty where all
// count alike; values that do not count get the centroid next to them. Values and importance must be finite. Exact up to
// kExactPlaces pairs of values and clusters; beyond, values are first brought together in kHistogramBins bins of equal width.
Clusters k_means(std::span<const float> values, std::span<const float> importance, int64_t clusters, int threads = 1);

inline constexpr int64_t kExactPlaces = int64_t{1} << 26, kHistogramBins = 65536;

// The number of the centroid, of ascending ones, that is nearest; of two the lower.
int32_t nearest_centroid(std::span<const float> centroids, float value);

// What the codes cost: the sum of importance * (value - centroid)^2.
double clustering_error(std::span<const float> values, std::span<const float> importance, const Clusters& clusters);

}  // namespace pare
