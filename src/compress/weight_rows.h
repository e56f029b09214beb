// Weights as a matrix: a row an output channel, its columns the other extents in their order.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstdint>

#include "base/tensor.h"

namespace pare {

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Where rows and columns of the matrix lie in a tensor, whose output channels lie along `axis`.
struct MatrixLayout {
  MatrixLayout(const Shape& shape, int axis)
      : rows(shape[axis]), inner(shape.elements(axis + 1, shape.rank())), outer(shape.elements(0, axis)) {}

  int64_t columns() const { return outer * inner; }
  int64_t element(int64_t row, int64_t column) const { return (column / inner * rows + row) * inner + column % inner; }

  // Calls visit(row, column, their place in the tensor) for all.
  template <class Visit>
  void for_each(Visit visit) const {
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t column = 0; column < columns(); ++column)
        visit(row, column, static_cast<size_t>(element(row, column)));
  }

  int64_t rows, inner, outer;
};

RowMatrix rows_of(const Tensor& weights, int axis);
Tensor tensor_of(const RowMatrix& rows, const Shape& shape, int axis);

// Calls visit(group, first row, end) for the rows of each group among these.
template <class Visit>
void for_each_group(int64_t first, int64_t end, int64_t rows_in_group, Visit visit) {
  for (int64_t row = first; row < end;) {
    const int64_t group = row / rows_in_group, last = std::min(end, (group + 1) * rows_in_group);
    visit(group, row, last);
    row = last;
  }
}

}  // namespace pare
