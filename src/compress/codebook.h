// Weights as a few values: a table of centroids, and for each weight the number of its own.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/tensor.h"
#include "ir/attributes.h"

namespace pare {

// Where centroids begin. All but the first are what other tools offer.
enum class CentroidStart {
  KMeans,   // the best there are, see k_means.h
  Linear,   // evenly from the least weight to the largest
  Random,   // uniform between them
  Density,  // quantiles: as many weights between any two
  Seeding,  // k-means++ of Arthur and Vassilvitskii (2007): weights, by chance, far ones rather than near ones
};
template <>
struct EnumNames<CentroidStart> {
  static constexpr std::array<std::string_view, 5> names{"k_means", "linear", "random", "density", "k_means++"};
};

// What has a table of centroids of its own.
enum class CodebookScope {
  Tensor,   // the whole tensor
  Channel,  // each output channel
  Integer,  // the tensor, in steps of the scale that each channel has as integers: these then have few values
  Network,  // all tensors together, in such steps, so that a compressor finds the same values everywhere
};
template <>
struct EnumNames<CodebookScope> {
  static constexpr std::array<std::string_view, 4> names{"tensor", "channel", "integer", "network"};
};
// Whether centroids count in steps of each channel.
inline bool has_scales(CodebookScope scope) {
  return scope == CodebookScope::Integer || scope == CodebookScope::Network;
}

struct CodebookOptions {
  int64_t clusters = 16;  // values in a table, zero among them where zeros are kept
  CentroidStart start = CentroidStart::KMeans;
  CodebookScope scope = CodebookScope::Tensor;
  // Weights change to more frequent centroids where that costs little: a bit of entropy counts as this many times the mean error of a weight.
  double entropy = 0;
  uint64_t seed = 1;
};

// Fails for fewer than one cluster, or than two where zeros are kept.
Expected<void> check_codebook(const CodebookOptions& options, bool keeps_zeros);

// How the tables lie in a tensor.
struct CodebookLayout {
  Shape shape;
  int axis = 0;                   // of the output channels
  bool by_channel = false;        // each channel has a table, the tables have one size and lie one behind the other
  std::span<const float> scales;  // one a channel that its weights are divided by, never 0; empty: none

  int64_t channels() const { return shape.rank() == 0 ? 1 : shape[axis]; }
};

inline constexpr int32_t kZeroCode = -1;  // stands for 0, which is in no table

struct Codebook {
  std::vector<float> centroids;
  std::vector<int32_t> codes;  // of each weight
};

// `importance` as in k_means(); zeros are kept as zeros or take a centroid like any other weight.
Codebook make_codebook(std::span<const float> weights, std::span<const float> importance, const CodebookLayout& layout,
                       bool keeps_zeros, const CodebookOptions& options, int threads);

// The centroids of a table in ascending order, and their numbers.
struct SortedTable {
  std::vector<float> values;
  std::vector<int32_t> codes;

  int32_t nearest(float value) const;
};
// Of centroids that make so many tables of one size.
std::vector<SortedTable> sorted_tables(std::span<const float> centroids, int64_t tables);

// The centroid next to each weight, whatever order they are in. Codes that are kZeroCode stay.
void assign_codes(std::span<const float> weights, std::span<const float> centroids, const CodebookLayout& layout,
                  std::span<int32_t> codes);

}  // namespace pare
