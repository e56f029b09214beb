// Pruned weights that change places in training, so that a network can be sparse from the beginning: RigL, Evci et al. (2020).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/tensor.h"

namespace pare {

struct Exchange {
  Tensor mask;                 // with as many ones as before
  std::vector<int64_t> grown;  // places that were zero; their weights begin at 0
};

// Of the weights that are there, as the float32 mask says, this share leaves, those of the least magnitudes; as many of the others come, those
// of the largest gradients. What leaves does not come back at once. Of equal ones those that come first stay, and come.
Exchange exchange(const Tensor& mask, std::span<const float> magnitudes, std::span<const float> gradients,
                  double share);

// RigL's share at this progress, from 0 to 1: 0.3 at first, falling to 0 as half a cosine.
double exchanged_share(double progress);

}  // namespace pare
