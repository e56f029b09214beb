#include "compress/low_rank.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace pare {
namespace {

// -log of the share that is kept: additive over layers, and never infinite.
double loss_of(const RankChoice& layer, int64_t rank) {
  constexpr double kLeast = 1e-300;
  return -std::log(std::max(layer.kept[static_cast<size_t>(rank)], kLeast));
}

// The rank that is best where a unit of cost is worth `price` of loss.
std::optional<int64_t> rank_at(const RankChoice& layer, double price) {
  std::optional<int64_t> best;
  double least = price * layer.full_cost;
  for (int64_t rank = layer.largest_rank(); rank >= 1; --rank) {
    const double total = loss_of(layer, rank) + price * layer.cost_of_rank * static_cast<double>(rank);
    if (total < least) {
      least = total;
      best = rank;
    }
  }
  return best;
}

double cost_of(const RankChoice& layer, const std::optional<int64_t>& rank) {
  return rank ? layer.cost_of_rank * static_cast<double>(*rank) : layer.full_cost;
}

double total_cost(const std::vector<RankChoice>& layers, const std::vector<std::optional<int64_t>>& ranks) {
  double cost = 0;
  for (size_t i = 0; i < layers.size(); ++i) cost += cost_of(layers[i], ranks[i]);
  return cost;
}

std::vector<std::optional<int64_t>> ranks_at(const std::vector<RankChoice>& layers, double price) {
  std::vector<std::optional<int64_t>> ranks;
  for (const RankChoice& layer : layers) ranks.push_back(rank_at(layer, price));
  return ranks;
}

// What the budget still allows goes to the ranks that gain most for it.
void spend_rest(const std::vector<RankChoice>& layers, double rest, std::vector<std::optional<int64_t>>& ranks) {
  for (;;) {
    std::optional<size_t> best;
    double most = 0;
    for (size_t i = 0; i < layers.size(); ++i) {
      if (!ranks[i] || *ranks[i] >= layers[i].largest_rank() || layers[i].cost_of_rank > rest) continue;
      const double gain = (loss_of(layers[i], *ranks[i]) - loss_of(layers[i], *ranks[i] + 1)) / layers[i].cost_of_rank;
      if (!best || gain > most) {
        best = i;
        most = gain;
      }
    }
    if (!best) return;
    ++*ranks[*best];
    rest -= layers[*best].cost_of_rank;
  }
}

}  // namespace

double MainDirections::kept(int64_t rank) const {
  const double all = std::reduce(energies.begin(), energies.end(), 0.0);
  return all > 0 ? std::min(1.0, std::reduce(energies.begin(), energies.begin() + rank, 0.0) / all) : 1;
}

MainDirections main_directions(const WeightMatrix& weights) {
  const Eigen::MatrixXd exact = weights.cast<double>();
  return main_directions(Eigen::MatrixXd(exact * exact.transpose()));
}

MainDirections main_directions(const Eigen::MatrixXd& moments) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(moments);
  MainDirections main{solver.eigenvectors().rowwise().reverse(), {}};
  for (Eigen::Index i = moments.rows(); i-- > 0;) main.energies.push_back(std::max(0.0, solver.eigenvalues()[i]));
  return main;
}

LowRankProduct low_rank_product(const WeightMatrix& weights, const MainDirections& main, int64_t rank) {
  const Eigen::MatrixXd second = main.directions.leftCols(rank);
  const Eigen::MatrixXd first = second.transpose() * weights.cast<double>();
  return {first.cast<float>(), second.cast<float>()};
}

int64_t RankChoice::largest_rank() const {
  const auto cheaper = static_cast<int64_t>(std::ceil(full_cost / cost_of_rank)) - 1;
  return std::clamp<int64_t>(cheaper, 0, std::ssize(kept) - 1);
}

Expected<std::vector<std::optional<int64_t>>> ranks_within(const std::vector<RankChoice>& layers, double budget) {
  std::vector<std::optional<int64_t>> smallest;
  for (const RankChoice& layer : layers)
    smallest.push_back(layer.largest_rank() > 0 ? std::optional<int64_t>(1) : std::nullopt);
  const double least = total_cost(layers, smallest);
  if (least > budget)
    return unsupported("a cost of {:.4g} is the least that ranks of 1 in every layer come to, {:.4g} was asked for",
                       least, budget);
  std::vector<std::optional<int64_t>> ranks(layers.size());
  if (total_cost(layers, ranks) <= budget) return ranks;
  ranks = smallest;
  // Prices of very different orders: the bisection is one of exponents.
  double low = -60, high = 60;
  for (int step = 0; step < 100; ++step) {
    const double middle = (low + high) / 2;
    std::vector<std::optional<int64_t>> found = ranks_at(layers, std::exp(middle));
    if (total_cost(layers, found) > budget) {
      low = middle;
    } else {
      high = middle;
      ranks = std::move(found);
    }
  }
  spend_rest(layers, budget - total_cost(layers, ranks), ranks);
  return ranks;
}

std::optional<int64_t> rank_keeping(const RankChoice& layer, double share) {
  for (int64_t rank = 1; rank <= layer.largest_rank(); ++rank)
    if (layer.kept[static_cast<size_t>(rank)] >= share) return rank;
  return {};
}

}  // namespace pare
