// Products of two small matrices in the place of a large one. What a layer W gives, [outputs x inputs], is kept best by the r main directions
// U_r of its outputs: W ~ U_r (U_r^T W), r (outputs + inputs) multiply-adds in the place of outputs * inputs. The directions are those of
// the outputs' second moments over samples (X. Zhang et al., "Accelerating Very Deep Convolutional Networks", 2016) or, without
// samples, of W W^T, which gives the truncated singular value decomposition.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/error.h"

namespace pare {

using WeightMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Directions of outputs, strongest first.
struct MainDirections {
  Eigen::MatrixXd directions;    // outputs x outputs, a direction a column
  std::vector<double> energies;  // of each, not negative

  // The share of the energy that the first `rank` hold; 1 where there is none at all.
  double kept(int64_t rank) const;
};

// Of W W^T.
MainDirections main_directions(const WeightMatrix& weights);
// Of a symmetric matrix of outputs by outputs.
MainDirections main_directions(const Eigen::MatrixXd& moments);

// W ~ second * first; `first` is rank x inputs, `second` outputs x rank.
struct LowRankProduct {
  WeightMatrix first, second;
};
LowRankProduct low_rank_product(const WeightMatrix& weights, const MainDirections& main, int64_t rank);

// A layer that may be factorised, for the choice of ranks.
struct RankChoice {
  std::vector<double> kept;  // by rank from 0 on: the share of energy that is kept
  double full_cost = 0;      // of the layer as it is
  double cost_of_rank = 0;   // of one

  // The largest rank that is cheaper than the layer itself; 0: none.
  int64_t largest_rank() const;
};

// The rank of each layer, nothing for a layer that stays as it is, so that all together cost at most `budget` and the product of the shares
// of energy is as large as costs allow (to the precision of one multiplier for all layers, by bisection). Fails with the least cost that can
// be had where that is above the budget.
Expected<std::vector<std::optional<int64_t>>> ranks_within(const std::vector<RankChoice>& layers, double budget);

// The smallest rank that keeps this share of a layer's energy, where that is cheaper than the layer.
std::optional<int64_t> rank_keeping(const RankChoice& layer, double share);

}  // namespace pare
