// Nodes that compute scale * src + shift with constants for each channel of the last dimension.
#pragma once

#include <vector>

#include "ir/graph.h"

namespace pare {

struct ChannelAffine {
  std::vector<float> scale, shift;
};

// A batch normalisation with constant parameters; nothing where they are computed or not float.
std::optional<ChannelAffine> batch_normalization_affine(const Node& node);

// A sum, difference or product with a constant for each channel (or one for all), and which operand is not the constant. A fused
// activation comes after it.
struct ConstantAffine {
  ChannelAffine affine;
  size_t src;
};
std::optional<ConstantAffine> constant_affine(const Node& node);

}  // namespace pare
