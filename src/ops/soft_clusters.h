// The arithmetic of soft_cluster_weights and its gradient, on blocks of weights that stay in cache with their shares.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace pare {

inline constexpr int64_t kSoftBlock = 128, kSoftLanes = 16;
using SoftRow = std::array<float, kSoftBlock>;  // a number for each weight of a block

// Weights of one table. Those of no cluster, and those behind the last of a short block, have the scale 0.
struct alignas(64) SoftBlock {
  SoftRow value, scale;  // weights divided by their scales
  size_t width;          // of the rows, as far as there are weights: a multiple of kSoftLanes
};

// The centroids of one table, of the distances to which the softmax is taken.
struct SoftTable {
  const float* centroids;
  int64_t count;
  float inverse_temperature;
};

// The share of each centroid in each value; a row for each centroid.
void find_shares(const SoftBlock& block, const SoftTable& table, SoftRow* shares);

// Adds what the block has for the means: for each centroid the sum of its values, and what they count.
void add_to_means(const SoftBlock& block, const SoftRow* shares, int64_t count, double* values, double* counts);

// The weights that the shares make, and the numbers of the nearest centroids.
void mix_centroids(const SoftBlock& block, const SoftTable& table, const SoftRow* shares, SoftRow& mixed,
                   std::array<int32_t, kSoftBlock>& nearest);

// What the loss changes by with the share of centroid k: x * p[k] + z * r[k] for each value. Where a centroid itself changes, x times its share is
// added with `mixes`; where a value itself does, z times the sum of p[k] times the shares.
struct alignas(64) SoftFlow {
  SoftRow x, z;
  const float *p, *r;
  bool mixes;
};

// The gradient of the values; adds that of the centroids.
void flow_back(const SoftBlock& block, const SoftTable& table, const SoftRow* shares, const SoftFlow& flow,
               SoftRow& values, double* centroids);

}  // namespace pare
