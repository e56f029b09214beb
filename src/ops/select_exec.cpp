#include "ops/kernel_types.h"
#include "ops/strided_loops.h"

namespace pare {
namespace {

std::string declines(const KernelRequest& request) { return refuse_packed_types(request.dtype(1)); }

template <class Element>
std::unique_ptr<Kernel> make_select(StridedLoops<4> loops) {
  return make_kernel([loops = std::move(loops)](const Buffers& buffers) {
    const int64_t count = loops.row_length();
    const auto step = loops.row_strides();
    loops.run([&](const std::array<int64_t, 4>& at) {
      const bool* condition = buffers.src<bool>(0) + at[0];
      const Element *x = buffers.src<Element>(1) + at[1], *y = buffers.src<Element>(2) + at[2];
      Element* dst = buffers.dst<Element>() + at[3];
      for (int64_t i = 0; i < count; ++i) dst[i] = condition[i * step[0]] ? x[i * step[1]] : y[i * step[2]];
    });
  });
}

Expected<std::unique_ptr<Kernel>> make_by_width(const KernelRequest& request,
                                                const std::vector<int64_t>& condition_strides) {
  const Shape& dst = request.result_type().shape;
  StridedLoops<4> loops(dst.dims(), {condition_strides, broadcast_strides(request.shape(1), dst),
                                     broadcast_strides(request.shape(2), dst), row_major_strides(dst)});
  switch (element_bytes(request.dtype(1))) {
    case 1: return make_select<uint8_t>(std::move(loops));
    case 2: return make_select<uint16_t>(std::move(loops));
    case 4: return make_select<uint32_t>(std::move(loops));
    default: return make_select<uint64_t>(std::move(loops));
  }
}

Expected<std::unique_ptr<Kernel>> create_select(const KernelRequest& request) {
  const Shape &condition = request.shape(0), &x = request.shape(1);
  if (condition.rank() != 1 || condition == x) return make_by_width(request, broadcast_strides(condition, x));
  std::vector<int64_t> along_rows(static_cast<size_t>(x.rank()), 0);
  along_rows.front() = 1;
  return make_by_width(request, along_rows);
}

Expected<std::unique_ptr<Kernel>> create_select_v2(const KernelRequest& request) {
  return make_by_width(request, broadcast_strides(request.shape(0), request.result_type().shape));
}

}  // namespace

ImplementationList exec_select() { return {{"plain", declines, create_select}}; }
ImplementationList exec_select_v2() { return {{"plain", declines, create_select_v2}}; }

}  // namespace pare
