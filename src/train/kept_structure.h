// What earlier steps found in the weights of a network that came without its masks and codebooks: those are made again of the weights.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "ir/attributes.h"
#include "ir/graph.h"

namespace pare {

enum class Kept {
  Zeros,     // weights that are zero stay so
  Clusters,  // tensors or channels with few different values have no more of them
};
template <>
struct EnumNames<Kept> {
  static constexpr std::array<std::string_view, 2> names{"zeros", "clusters"};
};

// The most values of a table that count as few, and how many weights there must be for each.
inline constexpr int64_t kFewValues = 256, kWeightsPerValue = 4;

std::vector<std::string_view> names_of(const std::vector<Kept>& kept);

// Puts a mask in front of weights with zeros, and a codebook behind those of few values. Chains that are there stay as they are.
Expected<void> keep_structure(Graph& network, const std::vector<Kept>& kept);

}  // namespace pare
