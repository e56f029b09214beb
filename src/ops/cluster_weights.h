// Weights that share a few values, the centroids, in networks that are still trained.
#pragma once

#include "ir/attributes.h"

namespace pare {

// How the gradient of a centroid comes from those of its weights.
enum class CentroidGradient {
  Sum,   // what the loss asks of the centroid: Han et al. (2016)
  Mean,  // of its weights, so that large clusters move no faster than small ones
};
template <>
struct EnumNames<CentroidGradient> {
  static constexpr std::array<std::string_view, 2> names{"sum", "mean"};
};

struct ClusterWeightsAttributes {
  CentroidGradient gradient = CentroidGradient::Sum;
  int64_t axis = 0;         // along which there is a scale for each slice
  bool by_channel = false;  // centroids are tables of one size, one behind the other, one for each slice along `axis`

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("gradient", self.gradient);
    visit("axis", self.axis);
    visit("by_channel", self.by_channel);
  }
};

}  // namespace pare
