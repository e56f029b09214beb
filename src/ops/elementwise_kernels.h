// Kernels out of functions of one element, or of two broadcast against each other.
#pragma once

#include "ops/kernel_shares.h"
#include "ops/strided_loops.h"

namespace pare {

inline StridedLoops<3> binary_loops(const KernelRequest& request) {
  const Shape& dst = request.result_type().shape;
  return {dst.dims(),
          {broadcast_strides(request.shape(0), dst), broadcast_strides(request.shape(1), dst), row_major_strides(dst)}};
}

// dst = f(x, y)
template <class Src, class Dst, class Function>
void run_binary(const StridedLoops<3>& loops, const Src* x, const Src* y, Dst* dst, const Function& f) {
  const int64_t count = loops.row_length();
  const auto [x_step, y_step, dst_step] = loops.row_strides();
  loops.run([&, x_step, y_step](const std::array<int64_t, 3>& at) {
    const Src *a = x + at[0], *b = y + at[1];
    Dst* d = dst + at[2];
    if (x_step == 1 && y_step == 1)
      for (int64_t i = 0; i < count; ++i) d[i] = f(a[i], b[i]);
    else if (y_step == 0)
      for (int64_t i = 0; i < count; ++i) d[i] = f(a[i * x_step], *b);
    else
      for (int64_t i = 0; i < count; ++i) d[i] = f(a[i * x_step], b[i * y_step]);
  });
}

template <class Src, class Dst>
inline constexpr InPlace kInPlace = std::is_same_v<Src, Dst> ? InPlace::All : InPlace::None;

// Threads share the elements of operands of equal shape.
template <class Src, class Dst, class Function>
std::unique_ptr<Kernel> make_binary(const KernelRequest& request, Function f) {
  const Shape& shape = request.result_type().shape;
  if (request.shape(0) == shape && request.shape(1) == shape)
    return make_shared_kernel(
        shape.elements(),
        [f = std::move(f)](const Buffers& buffers, int64_t begin, int64_t end) {
          const Src *x = buffers.src<Src>(0), *y = buffers.src<Src>(1);
          Dst* dst = buffers.dst<Dst>();
          for (int64_t i = begin; i < end; ++i) dst[i] = f(x[i], y[i]);
        },
        kInPlace<Src, Dst>);
  const auto run = [loops = binary_loops(request), f = std::move(f)](const Buffers& buffers) {
    run_binary(loops, buffers.src<Src>(0), buffers.src<Src>(1), buffers.dst<Dst>(), f);
  };
  if constexpr (std::is_same_v<Src, Dst>)
    return make_in_place_kernel(run);
  else
    return make_kernel(run);
}

// dst = f(src)
template <class Src, class Dst, class Function>
std::unique_ptr<Kernel> make_unary(const KernelRequest& request, Function f) {
  return make_shared_kernel(
      request.result_type().shape.elements(),
      [f = std::move(f)](const Buffers& buffers, int64_t begin, int64_t end) {
        const Src* src = buffers.src<Src>();
        Dst* dst = buffers.dst<Dst>();
        for (int64_t i = begin; i < end; ++i) dst[i] = f(src[i]);
      },
      kInPlace<Src, Dst>);
}

}  // namespace pare
