#include "compress/low_rank.h"

#include <gmock/gmock.h>

#include <cmath>
#include <numeric>

#include "base/random.h"

namespace pare {
namespace {

using ::testing::HasSubstr;

WeightMatrix random_matrix(int64_t rows, int64_t columns, uint64_t seed) {
  WeightMatrix matrix(rows, columns);
  Random random(seed);
  for (Eigen::Index i = 0; i < matrix.size(); ++i) matrix.data()[i] = 2 * random.uniform() - 1;
  return matrix;
}

double largest_difference(const WeightMatrix& weights, const LowRankProduct& product) {
  return (product.second * product.first - weights).cwiseAbs().maxCoeff();
}

TEST(LowRank, FullRankKeepsTheMatrix) {
  for (const auto& [rows, columns] : {std::pair{20, 50}, {50, 20}}) {
    const WeightMatrix weights = random_matrix(rows, columns, 1);
    const MainDirections main = main_directions(weights);
    EXPECT_LT(largest_difference(weights, low_rank_product(weights, main, std::min(rows, columns))), 2e-6);
    EXPECT_NEAR(main.kept(std::min(rows, columns)), 1, 1e-12);
  }
}

TEST(LowRank, AMatrixOfRankOneIsFoundAsOne) {
  const WeightMatrix weights = random_matrix(30, 1, 2) * random_matrix(1, 40, 3);
  const MainDirections main = main_directions(weights);
  EXPECT_NEAR(main.kept(1), 1, 1e-9);
  EXPECT_LT(largest_difference(weights, low_rank_product(weights, main, 1)), 1e-6);
}

TEST(LowRank, WhatIsLostIsTheEnergyOfTheOtherDirections) {
  const WeightMatrix weights = random_matrix(30, 40, 4);
  const MainDirections main = main_directions(weights);
  const LowRankProduct product = low_rank_product(weights, main, 12);
  const double lost = (product.second * product.first - weights).cast<double>().squaredNorm();
  EXPECT_NEAR(lost / weights.cast<double>().squaredNorm(), 1 - main.kept(12), 1e-6);
}

TEST(LowRank, SamplesSayWhichOutputsMatter) {
  // Inputs along one axis only: one direction of outputs is all there is, though the weights have full rank.
  const WeightMatrix weights = random_matrix(10, 20, 5);
  const Eigen::MatrixXd outputs = weights.cast<double>().col(3);
  const MainDirections main = main_directions(Eigen::MatrixXd(outputs * outputs.transpose()));
  const LowRankProduct product = low_rank_product(weights, main, 1);
  EXPECT_LT((product.second * product.first - weights).col(3).cwiseAbs().maxCoeff(), 1e-6);
}

RankChoice choice(std::vector<double> energies, double inputs, double positions = 1) {
  RankChoice layer;
  const double all = std::reduce(energies.begin(), energies.end(), 0.0), outputs = static_cast<double>(energies.size());
  layer.kept = {0};
  for (const double each : energies) layer.kept.push_back(layer.kept.back() + each / all);
  layer.full_cost = positions * outputs * inputs;
  layer.cost_of_rank = positions * (outputs + inputs);
  return layer;
}

double cost_of(const std::vector<RankChoice>& layers, const std::vector<std::optional<int64_t>>& ranks) {
  double cost = 0;
  for (size_t i = 0; i < layers.size(); ++i)
    cost += ranks[i] ? static_cast<double>(*ranks[i]) * layers[i].cost_of_rank : layers[i].full_cost;
  return cost;
}

TEST(Ranks, BudgetsAreKeptAndUsed) {
  std::vector<RankChoice> layers;
  Random random(6);
  for (int i = 0; i < 6; ++i) {
    std::vector<double> energies;
    for (int k = 0; k < 32; ++k) energies.push_back(std::exp(-0.1 * k * (i + 1)) + 0.01 * random.uniform());
    layers.push_back(choice(energies, 64, 1 + i));
  }
  const double full = cost_of(layers, std::vector<std::optional<int64_t>>(layers.size()));
  for (const double share : {1.0, 0.9, 0.5, 0.2, 0.06}) {
    const auto ranks = ranks_within(layers, share * full);
    ASSERT_TRUE(ranks.has_value()) << ranks.error().message;
    EXPECT_LE(cost_of(layers, *ranks), share * full);
    EXPECT_GE(cost_of(layers, *ranks), (share - 0.12) * full);
  }
  EXPECT_THAT(ranks_within(layers, 0.01 * full).error().message, HasSubstr("is the least that ranks of 1"));
}

TEST(Ranks, LayersThatLoseLittleGiveMost) {
  std::vector<double> steep(32, 1e-6), flat(32, 1);
  for (int k = 0; k < 4; ++k) steep[static_cast<size_t>(k)] = 1;
  const std::vector<RankChoice> layers{choice(steep, 32), choice(flat, 32)};
  const auto ranks = ranks_within(layers, 0.7 * 2 * 32 * 32);
  ASSERT_TRUE(ranks.has_value());
  EXPECT_GE((*ranks)[0], 4);
  EXPECT_EQ((*ranks)[1], std::nullopt);
}

TEST(Ranks, ALayerIsFactorisedOnlyWhereThatIsCheaper) {
  const RankChoice layer = choice(std::vector<double>(32, 1), 32);
  EXPECT_EQ(layer.largest_rank(), 15);
  EXPECT_EQ(rank_keeping(layer, 0.25), 8);
  EXPECT_EQ(rank_keeping(layer, 0.9), std::nullopt);
  EXPECT_EQ(choice({1}, 100).largest_rank(), 0) << "one output";
}

}  // namespace
}  // namespace pare
