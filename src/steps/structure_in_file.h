// What masks and codebooks of a network have become in the file that was written of it, counted there.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "ir/graph.h"

namespace pare {

// The weights of one operator. Values: different ones in the tensor, or the most in one channel where each channel has a table.
struct KeptWeights {
  std::string layer;
  bool masked = false, clustered = false;
  int64_t weights = 0;
  int64_t zeros = 0, zeros_in_file = 0;
  int64_t values = 0, values_in_file = 0;  // where clustered

  bool zeros_are_kept() const { return !masked || zeros_in_file >= zeros; }
  bool values_are_kept() const { return !clustered || values_in_file <= values; }
};

// Of all operators whose weights have a mask or a codebook and that the file has, too. Fails where the file cannot be read.
Expected<std::vector<KeptWeights>> structure_in_file(const Graph& network, const std::filesystem::path& file);

}  // namespace pare
