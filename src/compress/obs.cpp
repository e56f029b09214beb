#include "compress/obs.h"

#include <Eigen/Cholesky>
#include <limits>

#include "compress/elimination.h"
#include "compress/outer_products.h"

namespace pare {
namespace {

// The parts of the inverses that belong to each unit of several columns, kept up to date: p x p, lower triangles.
class UnitBlocks {
 public:
  UnitBlocks(const RowMatrix& inverse, const RemovalUnits& units) : units_(units) {
    for (const std::vector<int32_t>& columns : units.columns) blocks_.emplace_back(inverse(columns, columns));
  }

  // What it costs that a unit goes: sum over rows of scale * w^T block^-1 w.
  double score(const Elimination& state, const std::vector<double>& scales, size_t unit) const {
    const std::vector<int32_t>& columns = units_.columns[unit];
    const Eigen::LLT<RowMatrix> factor(blocks_[unit]);
    Eigen::VectorXd weights(static_cast<Eigen::Index>(columns.size()));
    double sum = 0;
    for (int64_t row = 0; row < state.rows(); ++row) {
      for (size_t i = 0; i < columns.size(); ++i) weights[static_cast<Eigen::Index>(i)] = state.weight(row, columns[i]);
      sum += scales[static_cast<size_t>(row)] * factor.matrixL().solve(weights).squaredNorm();
    }
    return sum;
  }

  // After a column has gone, in units that are left.
  void follow(const Elimination& state, const std::vector<size_t>& left) {
    for (const size_t unit : left) {
      const std::vector<int32_t>& columns = units_.columns[unit];
      for (size_t i = 0; i < columns.size(); ++i)
        for (size_t j = 0; j < columns.size(); ++j)
          blocks_[unit](static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) -=
              state.latest(columns[i]) * state.latest(columns[j]);
    }
  }

 private:
  const RemovalUnits& units_;
  std::vector<RowMatrix> blocks_;
};

// Some rows under one inverse, with what choosing among units needs.
class Member {
 public:
  Member(const RowsUnderInverse& rows, const RemovalUnits& units)
      : state_(rows), scales_(rows.scales), units_(units), single_(true) {
    for (const std::vector<int32_t>& columns : units.columns) single_ = single_ && columns.size() == 1;
    if (!single_) blocks_.emplace(*rows.inverse, units);
  }

  double score(size_t unit) const {
    if (!single_) return blocks_->score(state_, scales_, unit);
    const int32_t column = units_.columns[unit][0];
    double sum = 0;
    for (int64_t row = 0; row < state_.rows(); ++row) {
      const double weight = state_.weight(row, column);
      sum += scales_[static_cast<size_t>(row)] * weight * weight;
    }
    return sum / state_.diagonal(column);
  }

  void remove(size_t unit, const std::vector<size_t>& left) {
    for (const int32_t column : units_.columns[unit]) {
      state_.remove(column);
      if (!single_) blocks_->follow(state_, left);
    }
  }

 private:
  Elimination state_;
  std::vector<double> scales_;
  const RemovalUnits& units_;
  bool single_;  // units are single columns
  std::optional<UnitBlocks> blocks_;
};

}  // namespace

Eigen::VectorXd damping_of(const RowMatrix& moments, double share) {
  const double mean = moments.cols() == 0 ? 0 : moments.trace() / static_cast<double>(moments.cols());
  if (!(mean > 0)) return Eigen::VectorXd::Ones(moments.cols());
  return share * (moments.diagonal().array() + 0.1 * mean);
}

RowMatrix damped_inverse(const RowMatrix& moments, const Eigen::VectorXd& damping) {
  RowMatrix damped = moments;
  damped.diagonal() += damping;
  return damped.llt().solve(RowMatrix::Identity(moments.rows(), moments.cols()));
}

Removals order_removals(std::vector<RowsUnderInverse> rows, const RemovalUnits& units) {
  std::vector<Member> members;
  members.reserve(rows.size());
  for (const RowsUnderInverse& each : rows) members.emplace_back(each, units);
  std::vector<int32_t> may_go = units.may_go;
  std::vector<size_t> left;
  for (size_t unit = 0; unit < units.columns.size(); ++unit) left.push_back(unit);
  Removals removals;
  while (!left.empty()) {
    size_t best = left.size();
    double least = std::numeric_limits<double>::infinity();
    for (size_t i = 0; i < left.size(); ++i) {
      if (!units.neighbourhood.empty() && may_go[static_cast<size_t>(units.neighbourhood[left[i]])] <= 0) continue;
      double score = 0;
      for (const Member& member : members) score += member.score(left[i]);
      if (score < least) {
        least = score;
        best = i;
      }
    }
    if (best == left.size()) break;
    const size_t unit = left[best];
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(best));
    for (Member& member : members) member.remove(unit, left);
    if (!units.neighbourhood.empty()) --may_go[static_cast<size_t>(units.neighbourhood[unit])];
    removals.units.push_back(static_cast<int32_t>(unit));
    removals.losses.push_back(static_cast<float>(least));
  }
  return removals;
}

RowMatrix least_squares(const RowMatrix& moments, const RowMatrix& targets, std::span<const int32_t> kept) {
  const auto size = static_cast<Eigen::Index>(kept.size());
  RowMatrix factor(size, size);  // becomes U of U^T U, row by row
  for (Eigen::Index i = 0; i < size; ++i)
    for (Eigen::Index j = i; j < size; ++j)
      factor(i, j) = moments(kept[static_cast<size_t>(i)], kept[static_cast<size_t>(j)]);
  constexpr Eigen::Index kPanel = 48;
  for (Eigen::Index first = 0; first < size; first += kPanel) {
    const Eigen::Index end = std::min(size, first + kPanel), behind = size - end;
    for (Eigen::Index k = first; k < end; ++k) {
      auto row = factor.row(k).tail(size - k);
      for (Eigen::Index p = first; p < k; ++p) row -= factor(p, k) * factor.row(p).tail(size - k);
      row /= std::sqrt(row[0]);
    }
    if (behind == 0) break;
    const RowsView<double> panel{&factor(first, end), end - first, behind, size};
    add_outer_products(panel, panel, -1, Part::UpperTriangle, &factor(end, end), size);
  }
  RowMatrix solved = RowMatrix::Zero(targets.rows(), targets.cols());
  Eigen::VectorXd row(size);
  for (Eigen::Index r = 0; r < targets.rows(); ++r) {
    for (Eigen::Index i = 0; i < size; ++i) row[i] = targets(r, kept[static_cast<size_t>(i)]);
    factor.transpose().triangularView<Eigen::Lower>().solveInPlace(row);
    factor.triangularView<Eigen::Upper>().solveInPlace(row);
    for (Eigen::Index i = 0; i < size; ++i) solved(r, kept[static_cast<size_t>(i)]) = row[i];
  }
  return solved;
}

}  // namespace pare
