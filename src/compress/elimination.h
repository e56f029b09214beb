// Takes columns out of a damped inverse of second moments, and out of rows of weights with it.
#pragma once

#include <vector>

#include "compress/obs.h"

namespace pare {

// With H^-1 the inverse over the columns that are left, column c goes by w -= w_c / H^-1_cc * H^-1_c for each row and
// H^-1 -= H^-1_c (H^-1_c)^T / H^-1_cc. Updates of the matrix wait until there are enough for a product of matrices; the diagonal and the weights
// are always up to date. Columns that are gone leave the matrix when a quarter of it is of them.
class Elimination {
 public:
  explicit Elimination(const RowsUnderInverse& rows);

  int64_t rows() const { return weights_.rows(); }
  double diagonal(int32_t column) const { return diagonal_[place(column)]; }
  double weight(int64_t row, int32_t column) const { return weights_(row, place(column)); }

  // A column goes. Afterwards latest() is by what outer product the matrix has changed.
  void remove(int32_t column);
  double latest(int32_t column) const { return latest_[place(column)]; }

 private:
  Eigen::Index place(int32_t column) const { return places_[static_cast<size_t>(column)]; }
  void read_column(Eigen::Index at);
  void apply_waiting();
  void drop_gone();

  RowMatrix inverse_;  // the lower triangle
  RowMatrix weights_;  // rows x columns of the matrix
  RowMatrix waiting_;  // updates, one a row
  Eigen::Index waiting_count_ = 0;
  Eigen::VectorXd diagonal_, latest_;
  std::vector<Eigen::Index> places_;  // of each column in the matrix, -1: gone
  std::vector<int32_t> columns_;      // at each place, -1: gone
  Eigen::Index gone_ = 0;             // places without a column
};

}  // namespace pare
