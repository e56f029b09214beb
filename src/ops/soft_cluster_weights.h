// Weights as shares of all centroids, so that gradients say how weights are to find their clusters: Cho et al. (2022), DKM.
// The gradient is that of the iterations as they were made, one after the other. It needs no fixed point, which few steps reach, and no memory but
// the centroids of each iteration, for shares are computed anew.
#pragma once

#include "ir/attributes.h"

namespace pare {

struct SoftClusterWeightsAttributes {
  int64_t iterations = 5;   // at most, as in the paper; fewer were worse with two values
  int64_t axis = 0;         // as in ClusterWeightsAttributes
  bool by_channel = false;  // likewise

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("iterations", self.iterations);
    visit("axis", self.axis);
    visit("by_channel", self.by_channel);
  }
};

}  // namespace pare
