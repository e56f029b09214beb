#include "engine/kernel.h"
#include "ops/batch_matmul.h"

namespace pare {
namespace {

// Where each product reads its two matrices, and how far apart their elements lie.
struct Geometry {
  explicit Geometry(const KernelRequest& request) {
    const auto& attributes = request.node.attrs<BatchMatmulAttributes>();
    const Shape& x = request.shape(0);
    const Shape& y = request.shape(1);
    const Shape& dst = request.result_type().shape;
    m = dst[-2];
    n = dst[-1];
    k = attributes.adj_x ? x[-2] : x[-1];
    x_row = attributes.adj_x ? 1 : k;
    x_step = attributes.adj_x ? m : 1;
    y_column = attributes.adj_y ? k : 1;
    y_step = attributes.adj_y ? 1 : n;
    const int outer = dst.rank() - 2;
    for (int64_t i = 0; i < dst.elements(0, outer); ++i) {
      x_offsets.push_back(offset(i, x, dst));
      y_offsets.push_back(offset(i, y, dst));
    }
  }

  // First element of the matrix that batch position `index` of dst reads from an operand; extents of 1 are repeated.
  static int64_t offset(int64_t index, const Shape& operand, const Shape& dst) {
    int64_t at = 0, stride = operand[-1] * operand[-2];
    for (int from_end = 3; from_end <= dst.rank(); ++from_end) {
      const int64_t position = index % dst[-from_end];
      index /= dst[-from_end];
      if (from_end > operand.rank()) continue;
      if (operand[-from_end] != 1) at += position * stride;
      stride *= operand[-from_end];
    }
    return at;
  }

  int64_t m, n, k;
  int64_t x_row, x_step, y_column, y_step;
  std::vector<int64_t> x_offsets, y_offsets;  // one for each product
};

// Calls finish(output index, sum) for each output element; term(x, y) gives one product.
template <class Sum, class X, class Y, class Term, class Finish>
void multiply_matrices(const Geometry& g, const X* x, const Y* y, Term term, Finish finish) {
  int64_t at = 0;
  for (size_t product = 0; product < g.x_offsets.size(); ++product)
    for (int64_t row = 0; row < g.m; ++row)
      for (int64_t column = 0; column < g.n; ++column, ++at) {
        const X* left = x + g.x_offsets[product] + row * g.x_row;
        const Y* right = y + g.y_offsets[product] + column * g.y_column;
        Sum sum = 0;
        for (int64_t i = 0; i < g.k; ++i) sum += term(left[i * g.x_step], right[i * g.y_step]);
        finish(at, sum);
      }
}

std::string declines_plain(const KernelRequest& request) { return request.all_float() ? "" : "operands are not all float32"; }

Expected<std::unique_ptr<Kernel>> create_plain(const KernelRequest& request) {
  return make_kernel([g = Geometry(request)](const Buffers& buffers) {
    float* dst = buffers.dst<float>();
    multiply_matrices<float>(
        g, buffers.src<float>(0), buffers.src<float>(1), [](float x, float y) { return x * y; }, [dst](int64_t at, float sum) { dst[at] = sum; });
  });
}

}  // namespace

ImplementationList exec_batch_matmul() { return {{"plain", declines_plain, create_plain}}; }

}  // namespace pare
