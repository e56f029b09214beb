#include <cstring>

#include "ops/kernel_types.h"

namespace pare {
namespace {

struct Geometry {
  explicit Geometry(const KernelRequest& request)
      : lookups(request.shape(0).elements()),
        rows(request.shape(1)[0]),
        depth(request.shape(1).elements(1, request.shape(1).rank())),
        index(request, 0) {}

  bool inside(int64_t row) const { return row >= 0 && row < rows; }

  int64_t lookups, rows, depth;
  Indices index;
};

std::string declines_copy(const KernelRequest& request) {
  if (request.dtype(1) != request.result_type().dtype) return "the result has another type than the table";
  if (bit_width(request.dtype(1)) % 8 != 0) return "elements of the table are smaller than a byte";
  return "";
}

Expected<std::unique_ptr<Kernel>> create_copy(const KernelRequest& request) {
  const size_t row_bytes = storage_bytes(request.dtype(1), Geometry(request).depth);
  return make_kernel([g = Geometry(request), row_bytes](const Buffers& buffers) {
    for (int64_t i = 0; i < g.lookups; ++i) {
      const int64_t row = g.index(buffers, i);
      std::byte* dst = buffers.dst<std::byte>() + static_cast<size_t>(i) * row_bytes;
      if (g.inside(row))
        std::memcpy(dst, buffers.src<std::byte>(1) + static_cast<size_t>(row) * row_bytes, row_bytes);
      else
        std::memset(dst, 0, row_bytes);
    }
  });
}

std::string declines_quantized(const KernelRequest& request) {
  const TensorType& table = request.type(1);
  if (table.dtype != DType::Int8 && table.dtype != DType::Int4)
    return fmt::format("a table of {} with results of {}", to_string(table.dtype),
                       to_string(request.result_type().dtype));
  if (!table.is_quantized() || table.quantization->block > 0 ||
      (!table.quantization->is_per_tensor() && table.quantization->axis != 0))
    return "the table is not quantised by row or as a whole";
  if (!request.operand(1)->is_constant()) return "the table is computed at run time";
  return "";
}

Expected<std::unique_ptr<Kernel>> create_quantized(const KernelRequest& request) {
  const Tensor& table = *request.operand(1)->data;
  std::vector<int8_t> codes;
  if (table.dtype() == DType::Int4)
    codes = unpack_int4(table.bytes(), table.elements());
  else
    codes.assign(table.values<int8_t>().begin(), table.values<int8_t>().end());
  return make_kernel([g = Geometry(request), codes = std::move(codes),
                      scales = request.type(1).quantization->scales](const Buffers& buffers) {
    for (int64_t i = 0; i < g.lookups; ++i) {
      const int64_t row = g.index(buffers, i);
      float* dst = buffers.dst<float>() + i * g.depth;
      if (!g.inside(row)) {
        std::fill_n(dst, g.depth, 0.f);
        continue;
      }
      const float scale = scales[scales.size() == 1 ? 0 : static_cast<size_t>(row)];
      for (int64_t j = 0; j < g.depth; ++j)
        dst[j] = static_cast<float>(codes[static_cast<size_t>(row * g.depth + j)]) * scale;
    }
  });
}

}  // namespace

ImplementationList exec_embedding_lookup() {
  return {{"plain", declines_copy, create_copy}, {"weight only", declines_quantized, create_quantized}};
}

}  // namespace pare
