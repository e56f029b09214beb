#include "ops/soft_clusters.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/vectorised.h"

namespace pare {
namespace {

// e^x for x that is not positive, within 1e-5 of it; e^-40 below that, so that products with gradients are no denormal numbers.
inline float exp_of_negative(float x) {
  constexpr float kLog2E = 1.44269504f, kNoFraction = 12582912.f;  // 1.5 * 2^23
  const float power = std::max(x, -40.f) * kLog2E, whole = (power + kNoFraction) - kNoFraction, f = power - whole;
  // The Taylor polynomial of 2^f, f between -1/2 and 1/2.
  const float fraction =
      1 + f * (0.693147181f + f * (0.240226507f + f * (0.0555041087f + f * (0.00961812911f + f * 0.00133335581f))));
  return fraction * std::bit_cast<float>((static_cast<int32_t>(whole) + 127) << 23);
}

inline float distance(float value, float centroid) { return std::abs(value - centroid); }
// How the distance grows with the value.
inline float slope(float value, float centroid) { return value < centroid ? -1.f : value > centroid ? 1.f : 0.f; }

// Sums that are vectors.
using Sums = std::array<float, kSoftLanes>;
inline float total(const Sums& sums) {
  float all = 0;
  for (const float each : sums) all += each;
  return all;
}

inline float sum_of_products(const SoftRow& a, const SoftRow& b, size_t width) {
  Sums sum{};
  for (size_t i = 0; i < width; i += kSoftLanes)
    for (size_t lane = 0; lane < kSoftLanes; ++lane) sum[lane] += a[i + lane] * b[i + lane];
  return total(sum);
}

}  // namespace

PARE_VECTORISED void find_shares(const SoftBlock& block, const SoftTable& table, SoftRow* shares) {
  const size_t width = block.width;
  alignas(64) SoftRow least, sum;
  least.fill(std::numeric_limits<float>::max());
  sum.fill(0);
  for (int64_t k = 0; k < table.count; ++k)
    for (size_t i = 0; i < width; ++i) least[i] = std::min(least[i], distance(block.value[i], table.centroids[k]));
  for (int64_t k = 0; k < table.count; ++k)
    for (size_t i = 0; i < width; ++i) {
      const float farther = distance(block.value[i], table.centroids[k]) - least[i];
      shares[k][i] = exp_of_negative(-farther * table.inverse_temperature);
      sum[i] += shares[k][i];
    }
  for (size_t i = 0; i < width; ++i) sum[i] = 1 / sum[i];
  for (int64_t k = 0; k < table.count; ++k)
    for (size_t i = 0; i < width; ++i) shares[k][i] *= sum[i];
}

PARE_VECTORISED void add_to_means(const SoftBlock& block, const SoftRow* shares, int64_t count, double* values,
                                  double* counts) {
  const size_t width = block.width;
  alignas(64) SoftRow weight, value;
  for (size_t i = 0; i < width; ++i) {
    weight[i] = block.scale[i] * block.scale[i];
    value[i] = weight[i] * block.value[i];
  }
  for (int64_t k = 0; k < count; ++k) {
    counts[k] += sum_of_products(shares[k], weight, width);
    values[k] += sum_of_products(shares[k], value, width);
  }
}

PARE_VECTORISED void mix_centroids(const SoftBlock& block, const SoftTable& table, const SoftRow* shares,
                                   SoftRow& mixed, std::array<int32_t, kSoftBlock>& nearest) {
  const size_t width = block.width;
  alignas(64) SoftRow most;
  most.fill(0);
  mixed.fill(0);
  nearest.fill(0);
  for (int64_t k = 0; k < table.count; ++k)
    for (size_t i = 0; i < width; ++i) {
      mixed[i] += shares[k][i] * table.centroids[k];
      nearest[i] = shares[k][i] > most[i] ? static_cast<int32_t>(k) : nearest[i];
      most[i] = std::max(most[i], shares[k][i]);
    }
  for (size_t i = 0; i < width; ++i) mixed[i] *= block.scale[i];
}

PARE_VECTORISED void flow_back(const SoftBlock& block, const SoftTable& table, const SoftRow* shares,
                               const SoftFlow& flow, SoftRow& values, double* centroids) {
  const size_t width = block.width;
  alignas(64) SoftRow mean;
  mean.fill(0);
  values.fill(0);
  for (int64_t k = 0; k < table.count; ++k)
    for (size_t i = 0; i < width; ++i) {
      mean[i] += shares[k][i] * (flow.x[i] * flow.p[k] + flow.z[i] * flow.r[k]);
      values[i] += shares[k][i] * flow.p[k] * flow.z[i];
    }
  const float mixes = flow.mixes ? 1.f : 0.f;
  for (int64_t k = 0; k < table.count; ++k) {
    Sums sum{};
    for (size_t i = 0; i < width; i += kSoftLanes)
      for (size_t lane = 0; lane < kSoftLanes; ++lane) {
        const size_t at = i + lane;
        const float of_share = flow.x[at] * flow.p[k] + flow.z[at] * flow.r[k] - mean[at],
                    of_value = shares[k][at] * of_share * table.inverse_temperature *
                               slope(block.value[at], table.centroids[k]);
        values[at] -= of_value;
        sum[lane] += of_value + mixes * shares[k][at] * flow.x[at];
      }
    centroids[k] += total(sum);
  }
}

}  // namespace pare
