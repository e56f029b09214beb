#include "compress/elimination.h"

#include <cmath>
#include <numeric>

#include "base/vectorised.h"
#include "compress/outer_products.h"

namespace pare {
namespace {

constexpr Eigen::Index kWaiting = 48;

// column -= sum over updates k of factors[k * stride] * updates[k].
PARE_VECTORISED void subtract_updates(double* column, int64_t size, const double* updates, int64_t stride,
                                      int64_t count, int64_t at) {
  for (int64_t k = 0; k < count; ++k) {
    const double* update = updates + k * stride;
    const double factor = update[at];
    for (int64_t i = 0; i < size; ++i) column[i] -= factor * update[i];
  }
}

}  // namespace

Elimination::Elimination(const RowsUnderInverse& rows)
    : inverse_(*rows.inverse),
      weights_(rows.weights),
      waiting_(kWaiting, rows.inverse->cols()),
      diagonal_(rows.inverse->diagonal()),
      latest_(Eigen::VectorXd::Zero(rows.inverse->cols())),
      places_(static_cast<size_t>(rows.inverse->cols())),
      columns_(places_.size()) {
  std::iota(places_.begin(), places_.end(), 0);
  std::iota(columns_.begin(), columns_.end(), 0);
}

// The column of the matrix as it is now, into latest_.
void Elimination::read_column(Eigen::Index at) {
  const Eigen::Index size = inverse_.cols();
  for (Eigen::Index i = 0; i < at; ++i) latest_[i] = inverse_(at, i);
  for (Eigen::Index i = at; i < size; ++i) latest_[i] = inverse_(i, at);
  subtract_updates(latest_.data(), size, waiting_.data(), size, waiting_count_, at);
}

void Elimination::remove(int32_t column) {
  const Eigen::Index at = place(column);
  read_column(at);
  latest_ /= std::sqrt(latest_[at]);
  for (Eigen::Index i = 0; i < latest_.size(); ++i)
    if (columns_[static_cast<size_t>(i)] < 0) latest_[i] = 0;  // what rounding has left of columns that are gone
  for (Eigen::Index row = 0; row < weights_.rows(); ++row) {
    weights_.row(row) -= weights_(row, at) / latest_[at] * latest_.transpose();
    weights_(row, at) = 0;
  }
  diagonal_.array() -= latest_.array().square();
  waiting_.row(waiting_count_++) = latest_;
  places_[static_cast<size_t>(column)] = -1;
  columns_[static_cast<size_t>(at)] = -1;
  ++gone_;
  if (waiting_count_ == kWaiting) apply_waiting();
}

void Elimination::apply_waiting() {
  if (gone_ * 4 >= inverse_.cols()) drop_gone();
  const int64_t size = inverse_.cols();
  const RowsView<double> updates{waiting_.data(), waiting_count_, size, size};
  add_outer_products(updates, updates, -1, Part::LowerTriangle, inverse_.data(), size);
  waiting_count_ = 0;
}

void Elimination::drop_gone() {
  std::vector<Eigen::Index> kept;
  for (Eigen::Index i = 0; i < inverse_.cols(); ++i)
    if (columns_[static_cast<size_t>(i)] >= 0) kept.push_back(i);
  const auto size = static_cast<Eigen::Index>(kept.size());
  // In place, row by row: what is read lies behind what is written.
  double* to = inverse_.data();
  for (Eigen::Index i = 0; i < size; ++i)
    for (Eigen::Index j = 0; j < size; ++j)
      to[i * size + j] = j <= i ? inverse_(kept[static_cast<size_t>(i)], kept[static_cast<size_t>(j)]) : 0;
  inverse_ = RowMatrix(Eigen::Map<const RowMatrix>(to, size, size));
  weights_ = RowMatrix(weights_(Eigen::all, kept));
  RowMatrix waiting(kWaiting, size);
  waiting.topRows(waiting_count_) = waiting_.topRows(waiting_count_)(Eigen::all, kept);
  waiting_ = std::move(waiting);
  diagonal_ = Eigen::VectorXd(diagonal_(kept));
  latest_ = Eigen::VectorXd(latest_(kept));
  std::vector<int32_t> columns;
  for (const Eigen::Index each : kept) {
    places_[static_cast<size_t>(columns_[static_cast<size_t>(each)])] = static_cast<Eigen::Index>(columns.size());
    columns.push_back(columns_[static_cast<size_t>(each)]);
  }
  columns_ = std::move(columns);
  gone_ = 0;
}

}  // namespace pare
