#include "compress/weight_rows.h"

namespace pare {

RowMatrix rows_of(const Tensor& weights, int axis) {
  const MatrixLayout layout(weights.shape(), axis);
  const auto values = weights.values<float>();
  RowMatrix rows(layout.rows, layout.columns());
  for (int64_t row = 0; row < layout.rows; ++row)
    for (int64_t column = 0; column < layout.columns(); ++column)
      rows(row, column) = static_cast<double>(values[static_cast<size_t>(layout.element(row, column))]);
  return rows;
}

Tensor tensor_of(const RowMatrix& rows, const Shape& shape, int axis) {
  const MatrixLayout layout(shape, axis);
  Tensor tensor(DType::Float32, shape);
  const auto values = tensor.mutable_values<float>();
  for (int64_t row = 0; row < layout.rows; ++row)
    for (int64_t column = 0; column < layout.columns(); ++column)
      values[static_cast<size_t>(layout.element(row, column))] = static_cast<float>(rows(row, column));
  return tensor;
}

}  // namespace pare
