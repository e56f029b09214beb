#include "compress/k_means.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/check.h"
#include "base/parallel.h"
#include "base/vectorised.h"

namespace pare {
namespace {

// Different values, ascending, and how much each counts.
struct Points {
  std::vector<double> at, weight;
  size_t size() const { return at.size(); }
};

float importance_of(std::span<const float> importance, size_t i) { return importance.empty() ? 1.f : importance[i]; }

Points sorted_points(std::span<const float> values, std::span<const float> importance) {
  std::vector<std::pair<float, float>> sorted;
  sorted.reserve(values.size());
  for (size_t i = 0; i < values.size(); ++i)
    if (const float weight = importance_of(importance, i); weight > 0) sorted.emplace_back(values[i], weight);
  std::ranges::sort(sorted);
  Points points;
  for (const auto& [value, weight] : sorted) {
    if (points.at.empty() || points.at.back() != value) {
      points.at.push_back(value);
      points.weight.push_back(0);
    }
    points.weight.back() += weight;
  }
  return points;
}

// Each bin becomes a point at the mean of what lies in it.
Points in_bins(const Points& points) {
  const double lowest = points.at.front(), width = (points.at.back() - lowest) / kHistogramBins;
  Points bins;
  int64_t last = -1;
  for (size_t i = 0; i < points.size(); ++i) {
    const auto bin = std::min(static_cast<int64_t>((points.at[i] - lowest) / width), kHistogramBins - 1);
    if (bin != last) {
      bins.at.push_back(0);
      bins.weight.push_back(0);
      last = bin;
    }
    bins.weight.back() += points.weight[i];
    bins.at.back() += points.weight[i] * points.at[i];
  }
  for (size_t i = 0; i < bins.size(); ++i) bins.at[i] /= bins.weight[i];
  return bins;
}

// Sums over the points before each: of weights, weighted values and weighted squares. Values count from their mean, for the digits.
struct Sums {
  std::vector<double> weight, value, square;

  explicit Sums(const Points& points)
      : weight(points.size() + 1, 0), value(points.size() + 1, 0), square(points.size() + 1, 0) {
    double total = 0, mean = 0;
    for (size_t i = 0; i < points.size(); ++i) {
      total += points.weight[i];
      mean += points.weight[i] * (points.at[i] - mean) / total;
    }
    for (size_t i = 0; i < points.size(); ++i) {
      const double at = points.at[i] - mean;
      weight[i + 1] = weight[i] + points.weight[i];
      value[i + 1] = value[i] + points.weight[i] * at;
      square[i + 1] = square[i] + points.weight[i] * at * at;
    }
  }

  size_t points() const { return weight.size() - 1; }
};

struct Least {
  double cost;
  int32_t from;
};

using Lanes = double __attribute__((vector_size(64)));
constexpr int32_t kLanes = sizeof(Lanes) / sizeof(double);

inline void load(const double* from, Lanes& lanes) { std::memcpy(&lanes, from, sizeof lanes); }

// Where the last run of points before `end` best begins, from `lowest` to `highest`, when what lies before it costs `before`. Of equal costs the
// lowest beginning counts.
PARE_VECTORISED Least best_beginning(const Sums& sums, const double* before, int32_t end, int32_t lowest,
                                     int32_t highest) {
  const double *weight = sums.weight.data(), *value = sums.value.data(), *square = sums.square.data();
  const double weight_end = weight[end], value_end = value[end], square_end = square[end];
  Least best{std::numeric_limits<double>::infinity(), lowest};
  int32_t i = lowest;
  if (highest - lowest >= 2 * kLanes) {
    const Lanes numbers = {0, 1, 2, 3, 4, 5, 6, 7};
    Lanes costs = best.cost - Lanes{}, froms = costs;
    for (; i + kLanes <= highest + 1; i += kLanes) {
      Lanes weights, values, squares, befores;
      load(weight + i, weights);
      load(value + i, values);
      load(square + i, squares);
      load(before + i, befores);
      const Lanes sum = value_end - values;
      const Lanes cost = befores + (square_end - squares) - sum * sum / (weight_end - weights);
      const auto less = cost < costs;
      costs = less ? cost : costs;
      froms = less ? numbers + static_cast<double>(i) : froms;
    }
    for (int32_t lane = 0; lane < kLanes; ++lane)
      if (costs[lane] < best.cost || (costs[lane] == best.cost && froms[lane] < best.from))
        best = {costs[lane], static_cast<int32_t>(froms[lane])};
  }
  for (; i <= highest; ++i) {
    const double sum = value_end - value[i];
    const double cost = before[i] + (square_end - square[i]) - sum * sum / (weight_end - weight[i]);
    if (cost < best.cost) best = {cost, i};
  }
  return best;
}

// One more cluster: for each end of the points the cost of one run behind the best clusters before it. Beginnings rise with the end, so the
// one in the middle bounds those on both sides.
class Layer {
 public:
  Layer(const Sums& sums, const std::vector<double>& before, std::vector<double>& costs, int32_t* begins)
      : sums_(sums), before_(before), costs_(costs), begins_(begins) {}

  // For the ends from `first` to `last`; no run begins before `lowest`.
  void fill(int32_t first, int32_t last, int32_t lowest, int threads) {
    // A few ends one after the other, then what lies between them on all threads.
    std::vector<int32_t> ends{first - 1};
    for (int part = 1; part < 4 * threads && threads > 1; ++part) {
      const auto end = static_cast<int32_t>(first + (last - first) * static_cast<int64_t>(part) / (4 * threads));
      if (end <= ends.back()) continue;
      solve(end, ends.size() == 1 ? lowest : begins_[ends.back()], end - 1);
      ends.push_back(end);
    }
    ends.push_back(last + 1);
    const auto between = [&](size_t i) {
      const int32_t highest = i + 2 == ends.size() ? last - 1 : begins_[ends[i + 1]];
      divide(ends[i] + 1, ends[i + 1] - 1, i == 0 ? lowest : begins_[ends[i]], highest);
    };
    parallel_for(static_cast<int64_t>(ends.size()) - 1, threads, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) between(static_cast<size_t>(i));
    });
  }

 private:
  void solve(int32_t end, int32_t lowest, int32_t highest) {
    const Least best = best_beginning(sums_, before_.data(), end, lowest, std::min(highest, end - 1));
    costs_[static_cast<size_t>(end)] = best.cost;
    begins_[end] = best.from;
  }

  void divide(int32_t first, int32_t last, int32_t lowest, int32_t highest) {
    if (first > last) return;
    const int32_t middle = first + (last - first) / 2;
    solve(middle, lowest, highest);
    divide(first, middle - 1, lowest, begins_[middle]);
    divide(middle + 1, last, begins_[middle], highest);
  }

  const Sums& sums_;
  const std::vector<double>& before_;
  std::vector<double>& costs_;
  int32_t* begins_;
};

// Where each of the clusters begins, and the end of the last. There are more points than clusters.
std::vector<size_t> best_runs(const Points& points, size_t clusters, int threads) {
  const Sums sums(points);
  const size_t n = points.size();
  std::vector<double> before(n + 1, 0), costs(n + 1, 0);
  for (size_t end = 1; end <= n; ++end)
    before[end] = sums.square[end] - sums.value[end] * sums.value[end] / sums.weight[end];
  std::vector<int32_t> begins((clusters - 1) * (n + 1));
  for (size_t k = 1; k < clusters; ++k) {
    Layer layer(sums, before, costs, begins.data() + (k - 1) * (n + 1));
    // Of the last cluster only the end of all points is of interest; before it, what leaves a point for each cluster to come.
    const bool is_last = k + 1 == clusters;
    layer.fill(static_cast<int32_t>(is_last ? n : k + 1), static_cast<int32_t>(n - (clusters - 1 - k)),
               static_cast<int32_t>(k), threads);
    before.swap(costs);
    before[k] = std::numeric_limits<double>::infinity();
  }
  std::vector<size_t> runs(clusters + 1, 0);
  runs[clusters] = n;
  for (size_t k = clusters - 1; k > 0; --k) runs[k] = static_cast<size_t>(begins[(k - 1) * (n + 1) + runs[k + 1]]);
  return runs;
}

std::vector<float> centroids_of(const Points& points, const std::vector<size_t>& runs) {
  std::vector<float> centroids;
  for (size_t k = 0; k + 1 < runs.size(); ++k) {
    double weight = 0, mean = 0;
    for (size_t i = runs[k]; i < runs[k + 1]; ++i) {
      weight += points.weight[i];
      mean += points.weight[i] * (points.at[i] - mean) / weight;
    }
    centroids.push_back(static_cast<float>(mean));
  }
  const auto [first, last] = std::ranges::unique(centroids);
  centroids.erase(first, last);
  return centroids;
}

}  // namespace

Clusters k_means(std::span<const float> values, std::span<const float> importance, int64_t clusters, int threads) {
  PARE_CHECK(clusters > 0, "{} clusters", clusters);
  PARE_CHECK(importance.empty() || importance.size() == values.size(), "{} of {} values have an importance",
             importance.size(), values.size());
  if (values.empty()) return {};
  Points points = sorted_points(values, importance);
  if (points.size() == 0) points = sorted_points(values, {});
  if (static_cast<double>(points.size()) * static_cast<double>(clusters) > static_cast<double>(kExactPlaces) &&
      points.size() > static_cast<size_t>(kHistogramBins))
    points = in_bins(points);
  Clusters found;
  if (points.size() <= static_cast<size_t>(clusters))
    found.centroids.assign(points.at.begin(), points.at.end());
  else
    found.centroids = centroids_of(points, best_runs(points, static_cast<size_t>(clusters), threads));
  found.codes.resize(values.size());
  for (size_t i = 0; i < values.size(); ++i) found.codes[i] = nearest_centroid(found.centroids, values[i]);
  return found;
}

int32_t nearest_centroid(std::span<const float> centroids, float value) {
  const auto above = std::ranges::lower_bound(centroids, value);
  if (above == centroids.begin()) return 0;
  const auto below = above - 1;
  const bool takes_below = above == centroids.end() || value - *below <= *above - value;
  return static_cast<int32_t>((takes_below ? below : above) - centroids.begin());
}

double clustering_error(std::span<const float> values, std::span<const float> importance, const Clusters& clusters) {
  double sum = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double off = static_cast<double>(values[i]) - clusters.centroids[static_cast<size_t>(clusters.codes[i])];
    sum += importance_of(importance, i) * off * off;
  }
  return sum;
}

}  // namespace pare
