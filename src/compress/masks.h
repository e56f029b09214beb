// Which weights pruning keeps, from scores that say how much each matters.
#pragma once

#include <span>
#include <vector>

#include "base/tensor.h"
#include "compress/sparsity.h"

namespace pare {

// The scores of a tensor's weights, not negative; larger ones are kept.
struct ScoredWeights {
  Shape shape;
  std::span<const float> scores;
  SparsityPattern pattern = {};
};

// A mask of the shape, float32: 1 for what stays, 0 for what goes. Of the units of the pattern, weights or blocks, round(sparsity * units)
// go, those of the smallest scores; of equal ones those that come later. N of M takes from the M - N smallest of each M neighbours alone,
// so that any sparsity up to the largest comes by steps in which nothing returns. Fails as block_extents().
Expected<Tensor> mask_of(const ScoredWeights& weights, double sparsity);

// Masks of several tensors that together have the sparsity. N of M is the same for each tensor, whatever the budget.
Expected<std::vector<Tensor>> masks_of(const std::vector<ScoredWeights>& tensors, SparsityBudget budget,
                                       double sparsity);

// Magnitudes.
std::vector<float> magnitudes(const Tensor& weights);

// The share of zeros.
double sparsity_of(const Tensor& weights);

}  // namespace pare
