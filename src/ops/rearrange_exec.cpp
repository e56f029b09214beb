#include "ops/kernel_types.h"
#include "ops/strided_loops.h"

namespace pare {
namespace {

std::string declines(const KernelRequest& request) { return refuse_packed_types(request.dtype()); }

Expected<std::unique_ptr<Kernel>> make_copy(const KernelRequest& request, StridedCopy copy) {
  return make_kernel([copy = std::move(copy), width = element_bytes(request.dtype())](const Buffers& buffers) {
    copy.run(buffers.src<void>(), buffers.dst<void>(), width);
  });
}

Expected<std::unique_ptr<Kernel>> create_transpose(const KernelRequest& request) {
  const Shape &src = request.shape(0), &dst = request.result_type().shape;
  const std::vector<int64_t> dense = row_major_strides(src);
  std::vector<int64_t> strides;
  for (const int64_t axis : to_int64(*request.operand(1)->data))
    strides.push_back(dense[static_cast<size_t>(axis < 0 ? axis + src.rank() : axis)]);
  return make_copy(request, StridedCopy(dst.dims(), strides, row_major_strides(dst)));
}

Expected<std::unique_ptr<Kernel>> create_broadcast_to(const KernelRequest& request) {
  const Shape& dst = request.result_type().shape;
  return make_copy(request, StridedCopy(dst.dims(), broadcast_strides(request.shape(0), dst), row_major_strides(dst)));
}

// Each dimension becomes two: the copy, and the place inside it.
Expected<std::unique_ptr<Kernel>> create_tile(const KernelRequest& request) {
  const Shape &src = request.shape(0), &dst = request.result_type().shape;
  const std::vector<int64_t> from = row_major_strides(src), to = row_major_strides(dst);
  std::vector<int64_t> extents, src_strides, dst_strides;
  for (size_t d = 0; d < from.size(); ++d) {
    const int64_t extent = src.dims()[d];
    extents.insert(extents.end(), {extent == 0 ? 0 : dst.dims()[d] / extent, extent});
    src_strides.insert(src_strides.end(), {0, from[d]});
    dst_strides.insert(dst_strides.end(), {to[d] * extent, to[d]});
  }
  return make_copy(request, StridedCopy(extents, src_strides, dst_strides));
}

}  // namespace

ImplementationList exec_transpose() { return {{"plain", declines, create_transpose}}; }
ImplementationList exec_broadcast_to() { return {{"plain", declines, create_broadcast_to}}; }
ImplementationList exec_tile() { return {{"plain", declines, create_tile}}; }

}  // namespace pare
