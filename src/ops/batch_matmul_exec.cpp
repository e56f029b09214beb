#include <algorithm>

#include "engine/dynamic_quantization.h"
#include "engine/fixed_point.h"
#include "engine/onednn.h"
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

Expected<std::unique_ptr<Kernel>> create_plain(const KernelRequest& request) {
  return make_kernel([g = Geometry(request)](const Buffers& buffers) {
    float* dst = buffers.dst<float>();
    multiply_matrices<float>(
        g, buffers.src<float>(0), buffers.src<float>(1), [](float x, float y) { return x * y; },
        [dst](int64_t at, float sum) { dst[at] = sum; });
  });
}

// --- oneDNN

Expected<std::unique_ptr<Kernel>> create_onednn(const KernelRequest& request) {
  using namespace onednn;
  using dnnl::memory;
  return guarded([&]() -> Expected<std::unique_ptr<Kernel>> {
    const auto& attributes = request.node.attrs<BatchMatmulAttributes>();
    const int rank = request.result_type().shape.rank();
    // Both operands with the rank of the result, extents of 1 in front, and the last two dimensions in the order of the product.
    const auto desc = [rank](const Shape& shape, bool swapped) {
      memory::dims dims(static_cast<size_t>(rank - shape.rank()), 1);
      dims.insert(dims.end(), shape.begin(), shape.end());
      memory::dims strides = row_major_strides(Shape(dims));
      const size_t last = dims.size() - 1;
      if (swapped) {
        std::swap(dims[last], dims[last - 1]);
        std::swap(strides[last], strides[last - 1]);
      }
      return memory::desc(dims, memory::data_type::f32, strides);
    };
    const memory::desc x = desc(request.shape(0), attributes.adj_x), y = desc(request.shape(1), attributes.adj_y),
                       dst = desc(request.result_type().shape, false);
    const dnnl::matmul::primitive_desc pd(dnnl::matmul::desc(x, y, dst), user_scratchpad(), cpu());
    PrimitiveSequence sequence;
    sequence.add(dnnl::matmul(pd),
                 {sequence.operand(DNNL_ARG_SRC, 0, x), sequence.operand(DNNL_ARG_WEIGHTS, 1, y),
                  sequence.result(DNNL_ARG_DST, 0, dst, dst)},
                 pd.scratchpad_desc());
    return std::move(sequence).kernel();
  });
}

// --- integers

std::string declines_integer(const KernelRequest& request) {
  const TensorType &x = request.type(0), &y = request.type(1), &dst = request.result_type();
  if (x.dtype != DType::Int8 && x.dtype != DType::Int16) return "x is not i8 or i16";
  if (y.dtype != x.dtype && y.dtype != DType::Int8)
    return fmt::format("y of {} with x of {}", to_string(y.dtype), to_string(x.dtype));
  if (dst.dtype != x.dtype) return "x and dst have different types";
  for (const TensorType* type : {&x, &y, &dst})
    if (!type->is_quantized() || !type->quantization->is_per_tensor()) return "operands and result need one scale each";
  return "";
}

template <class X, class Y, class Sum>
std::unique_ptr<Kernel> integer_products(const KernelRequest& request) {
  const Quantization &x = *request.type(0).quantization, &y = *request.type(1).quantization,
                     &dst = *request.result_type().quantization;
  // TFLite multiplies the two scales in single precision.
  const FixedMultiplier factor =
      to_fixed_multiplier(static_cast<double>(x.scale() * y.scale()) / static_cast<double>(dst.scale()));
  return make_kernel([g = Geometry(request), factor, x_zero = static_cast<Sum>(x.zero_point()),
                      y_zero = static_cast<Sum>(y.zero_point()),
                      dst_zero = static_cast<int32_t>(dst.zero_point())](const Buffers& buffers) {
    multiply_matrices<Sum>(
        g, buffers.src<X>(0), buffers.src<Y>(1),
        [=](X a, Y b) { return (static_cast<Sum>(a) - x_zero) * (static_cast<Sum>(b) - y_zero); },
        [&](int64_t at, Sum sum) {
          buffers.dst<X>()[at] = static_cast<X>(std::clamp<int32_t>(
              multiply(sum, factor) + dst_zero, std::numeric_limits<X>::lowest(), std::numeric_limits<X>::max()));
        });
  });
}

Expected<std::unique_ptr<Kernel>> create_integer(const KernelRequest& request) {
  if (request.dtype(0) == DType::Int8) return integer_products<int8_t, int8_t, int32_t>(request);
  if (request.dtype(1) == DType::Int8) return integer_products<int16_t, int8_t, int64_t>(request);
  return integer_products<int16_t, int16_t, int64_t>(request);
}

// --- float x with int8 y: each row of x is quantised at run time

std::string declines_dynamic(const KernelRequest& request) {
  const TensorType& y = request.type(1);
  if (request.dtype(0) != DType::Float32 || y.dtype != DType::Int8) return "not float32 with i8";
  if (!y.is_quantized() || !y.quantization->is_per_tensor() || y.quantization->zero_point() != 0)
    return "y needs one scale and the zero point 0";
  return request.node.attrs<BatchMatmulAttributes>().adj_x ? "x is transposed" : "";
}

Expected<std::unique_ptr<Kernel>> create_dynamic(const KernelRequest& request) {
  const Shape& x = request.shape(0);
  const int64_t rows = x.elements(0, x.rank() - 1), depth = x[-1];
  const float y_scale = request.type(1).quantization->scale();
  const bool asymmetric = request.node.attrs<BatchMatmulAttributes>().asymmetric_quantize_inputs;
  const auto ranges_bytes = static_cast<size_t>(rows) * sizeof(DynamicRange);
  return make_kernel(
      [=, g = Geometry(request)](const Buffers& buffers) {
        auto* ranges = reinterpret_cast<DynamicRange*>(buffers.scratch);
        auto* codes = reinterpret_cast<int8_t*>(buffers.scratch + ranges_bytes);
        for (int64_t row = 0; row < rows; ++row) {
          const float* src = buffers.src<float>(0) + row * depth;
          ranges[row] = asymmetric ? quantize_asymmetric(src, depth, codes + row * depth)
                                   : quantize_symmetric(src, depth, codes + row * depth);
        }
        int64_t at = 0;
        for (size_t product = 0; product < g.x_offsets.size(); ++product)
          for (int64_t m = 0; m < g.m; ++m)
            for (int64_t n = 0; n < g.n; ++n, ++at) {
              const int64_t first = g.x_offsets[product] + m * g.x_row;
              const int8_t* y = buffers.src<int8_t>(1) + g.y_offsets[product] + n * g.y_column;
              const DynamicRange& range = ranges[first / std::max<int64_t>(depth, 1)];
              int32_t sum = 0;
              for (int64_t k = 0; k < g.k; ++k) sum += (codes[first + k] - range.zero_point) * y[k * g.y_step];
              buffers.dst<float>()[at] = static_cast<float>(sum) * (range.scale * y_scale);
            }
      },
      ranges_bytes + static_cast<size_t>(rows * depth));
}

}  // namespace

ImplementationList exec_batch_matmul() {
  return {{"onednn", declines_non_float, create_onednn, true},
          {"plain", declines_non_float, create_plain},
          {"integer", declines_integer, create_integer},
          {"dynamic range", declines_dynamic, create_dynamic}};
}

}  // namespace pare
