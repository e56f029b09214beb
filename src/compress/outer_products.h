// Sums of outer products, the inner loop of second moments and of their updates.
#pragma once

#include <cstdint>

namespace pare {

// `rows` rows of `columns` numbers that lie `stride` apart.
template <class T>
struct RowsView {
  const T* data;
  int64_t rows, columns, stride;
};

enum class Part { Whole, LowerTriangle, UpperTriangle };  // of the sum; what lies beyond is undefined then

// sum[i * stride + j] += scale * sum over rows k of a[k][i] * b[k][j]. Products of floats are summed in float within 256 rows.
void add_outer_products(const RowsView<float>& a, const RowsView<float>& b, double scale, Part part, double* sum,
                        int64_t stride);
void add_outer_products(const RowsView<double>& a, const RowsView<double>& b, double scale, Part part, double* sum,
                        int64_t stride);

}  // namespace pare
