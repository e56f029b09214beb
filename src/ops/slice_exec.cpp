#include "ops/slice.h"

#include <algorithm>

#include "ops/kernel_types.h"
#include "ops/strided_loops.h"

namespace pare {
namespace {

std::string declines(const KernelRequest& request) { return refuse_packed_types(request.dtype()); }

// Where a box that starts at the given indices, moved inside, has its first element.
class BoxOffset {
 public:
  BoxOffset(const KernelRequest& request, size_t operand, const Shape& whole, const Shape& box)
      : indices_(request, operand), strides_(row_major_strides(whole)) {
    for (int i = 0; i < whole.rank(); ++i) last_.push_back(whole[i] - box[i]);
  }
  int64_t operator()(const Buffers& buffers) const {
    int64_t offset = 0;
    for (size_t i = 0; i < strides_.size(); ++i)
      offset += std::clamp<int64_t>(indices_(buffers, static_cast<int64_t>(i)), 0, last_[i]) * strides_[i];
    return offset;
  }

 private:
  Indices indices_;
  std::vector<int64_t> strides_, last_;
};

std::string declines_slice(const KernelRequest& request) {
  for (int i = 0; i < request.shape(0).rank(); ++i)
    if (request.result_type().shape[i] > request.shape(0)[i]) return "the slice is larger than src";
  return declines(request);
}

Expected<std::unique_ptr<Kernel>> create_slice(const KernelRequest& request) {
  const Shape &src = request.shape(0), &dst = request.result_type().shape;
  const StridedCopy copy(dst.dims(), row_major_strides(src), row_major_strides(dst));
  return make_kernel(
      [copy, offset = BoxOffset(request, 1, src, dst), width = element_bytes(request.dtype())](const Buffers& buffers) {
        copy.run(buffers.src<void>(), buffers.dst<void>(), width, offset(buffers));
      });
}

Expected<std::unique_ptr<Kernel>> create_strided_slice(const KernelRequest& request) {
  const Shape& src = request.shape(0);
  PARE_ASSIGN(
      const StridedBox box,
      resolve_strided_slice(request.node.attrs<StridedSliceAttributes>(), src, to_int64(*request.operand(1)->data),
                            to_int64(*request.operand(2)->data), to_int64(*request.operand(3)->data)));
  std::vector<int64_t> strides = row_major_strides(src);
  int64_t offset = 0;
  for (size_t i = 0; i < strides.size(); ++i) {
    offset += box.begin[i] * strides[i];
    strides[i] *= box.stride[i];
  }
  const StridedCopy copy(box.extent, strides, row_major_strides(Shape(box.extent)), offset);
  return make_kernel([copy, width = element_bytes(request.dtype())](const Buffers& buffers) {
    copy.run(buffers.src<void>(), buffers.dst<void>(), width);
  });
}

Expected<std::unique_ptr<Kernel>> create_dynamic_update_slice(const KernelRequest& request) {
  const Shape &src = request.shape(0), &update = request.shape(1);
  const size_t width = element_bytes(request.dtype());
  const StridedCopy copy(update.dims(), row_major_strides(update), row_major_strides(src));
  return make_kernel([copy, width, offset = BoxOffset(request, 2, src, update),
                      bytes = static_cast<size_t>(src.elements()) * width](const Buffers& buffers) {
    if (bytes > 0) std::memcpy(buffers.dst<void>(), buffers.src<void>(), bytes);
    copy.run(buffers.src<void>(1), buffers.dst<void>(), width, 0, offset(buffers));
  });
}

Expected<std::unique_ptr<Kernel>> create_reverse(const KernelRequest& request) {
  const Shape& src = request.shape(0);
  std::vector<int64_t> strides = row_major_strides(src);
  int64_t offset = 0;
  for (const int64_t each : to_int64(*request.operand(1)->data)) {
    const auto axis = static_cast<size_t>(each < 0 ? each + src.rank() : each);
    if (strides[axis] < 0) continue;  // named twice
    offset += (src.dims()[axis] - 1) * strides[axis];
    strides[axis] = -strides[axis];
  }
  const StridedCopy copy(src.dims(), strides, row_major_strides(src), offset);
  return make_kernel([copy, width = element_bytes(request.dtype())](const Buffers& buffers) {
    copy.run(buffers.src<void>(), buffers.dst<void>(), width);
  });
}

}  // namespace

ImplementationList exec_slice() { return {{"plain", declines_slice, create_slice}}; }
ImplementationList exec_strided_slice() { return {{"plain", declines, create_strided_slice}}; }
ImplementationList exec_dynamic_update_slice() { return {{"plain", declines, create_dynamic_update_slice}}; }
ImplementationList exec_reverse_v2() { return {{"plain", declines, create_reverse}}; }

}  // namespace pare
