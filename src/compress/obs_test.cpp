#include "compress/obs.h"

#include <gmock/gmock.h>

#include <Eigen/Dense>

#include "base/random.h"

namespace pare {
namespace {

RowMatrix random_matrix(Eigen::Index rows, Eigen::Index columns, uint64_t seed) {
  Random random(seed);
  RowMatrix matrix(rows, columns);
  for (double& each : matrix.reshaped()) each = random.normal();
  return matrix;
}

// Second moments of correlated inputs.
RowMatrix moments_of(Eigen::Index columns, uint64_t seed) {
  const RowMatrix x = random_matrix(3 * columns, columns, seed) * random_matrix(columns, columns, seed + 1);
  return x.transpose() * x / static_cast<double>(x.rows());
}

RemovalUnits units_of(int32_t columns, int32_t together = 1) {
  RemovalUnits units;
  for (int32_t column = 0; column < columns; column += together) {
    units.columns.emplace_back();
    for (int32_t i = column; i < std::min(columns, column + together); ++i) units.columns.back().push_back(i);
  }
  return units;
}

struct Problem {
  explicit Problem(Eigen::Index columns, Eigen::Index rows = 1, uint64_t seed = 1)
      : moments(moments_of(columns, seed)), inverse(damped_inverse(moments, damping_of(moments, 0.01))) {
    damped = moments;
    damped.diagonal() += damping_of(moments, 0.01);
    rows_under = {&inverse, random_matrix(rows, columns, seed + 2), std::vector<double>(static_cast<size_t>(rows), 1)};
  }

  double loss(const RowMatrix& weights) const {
    const RowMatrix off = weights - rows_under.weights;
    return (off * damped).cwiseProduct(off).sum();
  }

  // The least loss with these columns at zero, by the normal equations of the others.
  double least_loss(const std::vector<int32_t>& gone) const {
    std::vector<int32_t> left;
    for (int32_t column = 0; column < damped.cols(); ++column)
      if (std::ranges::find(gone, column) == gone.end()) left.push_back(column);
    const RowMatrix square = damped(left, left), across = damped(Eigen::all, left);
    RowMatrix weights = RowMatrix::Zero(rows_under.weights.rows(), damped.cols());
    weights(Eigen::all, left) = square.llt().solve((rows_under.weights * across).transpose()).transpose();
    return loss(weights);
  }

  RowMatrix moments, damped, inverse;
  RowsUnderInverse rows_under;
};

// Columns of the first units of an order.
std::vector<int32_t> columns_of(const Removals& removals, const RemovalUnits& units, size_t count) {
  std::vector<int32_t> columns;
  for (size_t i = 0; i < count; ++i)
    for (const int32_t column : units.columns[static_cast<size_t>(removals.units[i])]) columns.push_back(column);
  return columns;
}

TEST(OrderRemovals, BeginsWithTheColumnWhoseLossIsLeast) {
  for (uint64_t seed = 1; seed < 20; ++seed) {
    const Problem problem(9, 1, seed);
    const Removals removals = order_removals({problem.rows_under}, units_of(9));
    int32_t best = 0;
    for (int32_t column = 0; column < 9; ++column)
      if (problem.least_loss({column}) < problem.least_loss({best})) best = column;
    EXPECT_EQ(removals.units[0], best);
    EXPECT_NEAR(removals.losses[0], problem.least_loss({best}), 1e-5 * problem.least_loss({best}));
  }
}

TEST(OrderRemovals, LossesAddUpToWhatIsMeasured) {
  const Problem problem(200, 3);
  const RemovalUnits units = units_of(200);
  const Removals removals = order_removals({problem.rows_under}, units);
  ASSERT_EQ(removals.units.size(), 200u);
  double predicted = 0;
  for (size_t count = 1; count <= 200; ++count) {
    predicted += removals.losses[count - 1];
    if (count % 40 != 0) continue;
    const std::vector<int32_t> gone = columns_of(removals, units, count);
    std::vector<int32_t> kept;
    for (int32_t column = 0; column < 200; ++column)
      if (std::ranges::find(gone, column) == gone.end()) kept.push_back(column);
    const RowMatrix weights = least_squares(problem.damped, problem.rows_under.weights * problem.damped, kept);
    EXPECT_NEAR(problem.loss(weights), predicted, 1e-4 * predicted);
    EXPECT_NEAR(problem.least_loss(gone), predicted, 1e-4 * predicted);
    for (const int32_t column : gone) EXPECT_EQ(weights.col(column).norm(), 0);
  }
}

TEST(OrderRemovals, BlocksGoTogetherAndLeastFirst) {
  const Problem problem(10, 2);
  const RemovalUnits units = units_of(10, 4);  // the last block has two columns
  const Removals removals = order_removals({problem.rows_under}, units);
  ASSERT_EQ(removals.units.size(), 3u);
  double least = problem.least_loss(units.columns[0]);
  for (const auto& columns : units.columns) least = std::min(least, problem.least_loss(columns));
  EXPECT_NEAR(removals.losses[0], least, 1e-5 * least);
  const double both = problem.least_loss(columns_of(removals, units, 2));
  EXPECT_NEAR(removals.losses[0] + removals.losses[1], both, 1e-5 * both);
}

TEST(OrderRemovals, RowsUnderSeveralInversesGoTogether) {
  const Problem a(6, 1, 1), b(6, 2, 7);
  const Removals removals = order_removals({a.rows_under, b.rows_under}, units_of(6));
  double least = std::numeric_limits<double>::infinity();
  for (int32_t column = 0; column < 6; ++column)
    least = std::min(least, a.least_loss({column}) + b.least_loss({column}));
  EXPECT_NEAR(removals.losses[0], least, 1e-5 * least);
}

TEST(OrderRemovals, NeighbourhoodsKeepTheirShare) {
  const Problem problem(10);
  RemovalUnits units = units_of(10);
  units.neighbourhood = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2};
  units.may_go = {2, 2, 0};
  const Removals removals = order_removals({problem.rows_under}, units);
  std::vector<int> gone(3, 0);
  for (const int32_t unit : removals.units) ++gone[static_cast<size_t>(units.neighbourhood[static_cast<size_t>(unit)])];
  EXPECT_THAT(gone, ::testing::ElementsAre(2, 2, 0));
}

TEST(OrderRemovals, DeadColumnsGoFirstAndWithoutMomentsMagnitudesDecide) {
  Problem problem(8);
  problem.moments.row(3).setZero();
  problem.moments.col(3).setZero();
  problem.inverse = damped_inverse(problem.moments, damping_of(problem.moments, 0.01));
  EXPECT_EQ(order_removals({problem.rows_under}, units_of(8)).units[0], 3);
  problem.inverse = damped_inverse(RowMatrix::Zero(8, 8), damping_of(RowMatrix::Zero(8, 8), 0.01));
  const Removals removals = order_removals({problem.rows_under}, units_of(8));
  for (size_t i = 1; i < 8; ++i)
    EXPECT_LE(std::abs(problem.rows_under.weights(0, removals.units[i - 1])),
              std::abs(problem.rows_under.weights(0, removals.units[i])));
}

TEST(OrderRemovals, NothingToRemove) {
  const Problem problem(4);
  EXPECT_TRUE(order_removals({problem.rows_under}, RemovalUnits{}).units.empty());
  EXPECT_EQ(least_squares(problem.damped, problem.rows_under.weights, {}).norm(), 0);
}

}  // namespace
}  // namespace pare
