#include "ops/pad.h"

#include <algorithm>

#include "ops/kernel_types.h"
#include "ops/strided_loops.h"

namespace pare {
namespace {

std::string declines(const KernelRequest& request) {
  if (!request.operand(1)->is_constant()) return "the paddings are computed at run time";
  return refuse_packed_types(request.dtype());
}

// Copies src into its place in dst.
StridedCopy placement(const KernelRequest& request) {
  const Shape& src = request.shape(0);
  const std::vector<int64_t> strides = row_major_strides(request.result_type().shape),
                             paddings = to_int64(*request.operand(1)->data);
  int64_t offset = 0;
  for (size_t d = 0; d < strides.size(); ++d) offset += paddings[2 * d] * strides[d];
  return StridedCopy(src.dims(), row_major_strides(src), strides, 0, offset);
}

template <class Element>
void fill(const void* value, void* dst, int64_t count) {
  std::fill_n(static_cast<Element*>(dst), count, *static_cast<const Element*>(value));
}

void fill(const void* value, void* dst, int64_t count, size_t width) {
  switch (width) {
    case 1: return fill<uint8_t>(value, dst, count);
    case 2: return fill<uint16_t>(value, dst, count);
    case 4: return fill<uint32_t>(value, dst, count);
    default: return fill<uint64_t>(value, dst, count);
  }
}

// The stored form of zero: the zero point of a quantised type.
uint64_t stored_zero(const TensorType& type) {
  uint64_t bits = 0;
  if (!type.is_quantized()) return bits;
  const int64_t zero_point = type.quantization->zero_point();
  std::memcpy(&bits, &zero_point, element_bytes(type.dtype));  // little endian, like every supported machine
  return bits;
}

Expected<std::unique_ptr<Kernel>> create_pad(const KernelRequest& request) {
  return make_kernel([copy = placement(request), zero = stored_zero(request.result_type()),
                      count = request.result_type().shape.elements(),
                      width = element_bytes(request.dtype())](const Buffers& buffers) {
    fill(&zero, buffers.dst<void>(), count, width);
    copy.run(buffers.src<void>(), buffers.dst<void>(), width);
  });
}

Expected<std::unique_ptr<Kernel>> create_padv2(const KernelRequest& request) {
  return make_kernel([copy = placement(request), count = request.result_type().shape.elements(),
                      width = element_bytes(request.dtype())](const Buffers& buffers) {
    fill(buffers.src<void>(2), buffers.dst<void>(), count, width);
    copy.run(buffers.src<void>(), buffers.dst<void>(), width);
  });
}

// dst is filled dimension by dimension: first src in its place, then each border of the dimensions from the last to the first,
// whose images are complete by then in all later dimensions.
Expected<std::unique_ptr<Kernel>> create_mirror_pad(const KernelRequest& request) {
  const Shape &src = request.shape(0), &dst = request.result_type().shape;
  const std::vector<int64_t> paddings = to_int64(*request.operand(1)->data), strides = row_major_strides(dst);
  const int64_t skip = request.node.attrs<MirrorPadAttributes>().mode == MirrorPadMode::Reflect ? 1 : 0;
  std::vector<StridedCopy> mirrors;
  for (int d = src.rank() - 1; d >= 0; --d) {
    const auto axis = static_cast<size_t>(d);
    const int64_t before = paddings[2 * axis], after = paddings[2 * axis + 1], step = strides[axis];
    int64_t outer = 0;
    std::vector<int64_t> extents = src.dims(), reversed = strides;
    for (size_t e = 0; e < axis; ++e) outer += paddings[2 * e] * strides[e];
    for (size_t e = axis + 1; e < extents.size(); ++e) extents[e] = dst.dims()[e];
    reversed[axis] = -step;
    extents[axis] = before;
    mirrors.emplace_back(extents, reversed, strides, outer + (2 * before - 1 + skip) * step, outer);
    extents[axis] = after;
    const int64_t end = before + src.dims()[axis];
    mirrors.emplace_back(extents, reversed, strides, outer + (end - 1 - skip) * step, outer + end * step);
  }
  return make_kernel([copy = placement(request), mirrors = std::move(mirrors),
                      width = element_bytes(request.dtype())](const Buffers& buffers) {
    copy.run(buffers.src<void>(), buffers.dst<void>(), width);
    for (const StridedCopy& mirror : mirrors) mirror.run(buffers.dst<void>(), buffers.dst<void>(), width);
  });
}

}  // namespace

ImplementationList exec_pad() { return {{"plain", declines, create_pad}}; }
ImplementationList exec_padv2() { return {{"plain", declines, create_padv2}}; }
ImplementationList exec_mirror_pad() { return {{"plain", declines, create_mirror_pad}}; }

}  // namespace pare
