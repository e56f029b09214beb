#include "compress/weight_rows.h"

namespace pare {

RowMatrix rows_of(const Tensor& weights, int axis) {
  const MatrixLayout layout(weights.shape(), axis);
  const auto values = weights.values<float>();
  RowMatrix rows(layout.rows, layout.columns());
  layout.for_each([&](int64_t row, int64_t column, size_t at) { rows(row, column) = static_cast<double>(values[at]); });
  return rows;
}

Tensor tensor_of(const RowMatrix& rows, const Shape& shape, int axis) {
  const MatrixLayout layout(shape, axis);
  Tensor tensor(DType::Float32, shape);
  const auto values = tensor.mutable_values<float>();
  layout.for_each([&](int64_t row, int64_t column, size_t at) { values[at] = static_cast<float>(rows(row, column)); });
  return tensor;
}

}  // namespace pare
