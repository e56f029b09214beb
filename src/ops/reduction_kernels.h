// The loop that reductions share.
#pragma once

#include <algorithm>

#include "engine/kernel.h"
#include "ops/strided_loops.h"

namespace pare {

// Walks src in order; dst stands still along the reduced dimensions.
inline StridedLoops<2> reduction_loops(const KernelRequest& request) {
  const Shape& src = request.shape(0);
  Shape kept = src;
  for (const int64_t axis : to_int64(*request.operand(1)->data)) kept[static_cast<int>(axis)] = 1;
  return {src.dims(), {row_major_strides(src), broadcast_strides(kept, src)}};
}

// Elements of src for each one of dst.
inline int64_t reduced_count(const KernelRequest& request) {
  const int64_t results = request.result_type().shape.elements();
  return results == 0 ? 0 : request.shape(0).elements() / results;
}

// dst = combination of the elements of src, starting from `initial`.
template <class Src, class State, class Combine>
void reduce(const StridedLoops<2>& loops, const Src* src, State* dst, int64_t results, State initial,
            const Combine& combine) {
  std::fill_n(dst, results, initial);
  const int64_t count = loops.row_length();
  const auto [src_step, dst_step] = loops.row_strides();
  loops.run([&, src_step, dst_step](const std::array<int64_t, 2>& at) {
    const Src* from = src + at[0];
    State* to = dst + at[1];
    if (dst_step == 0) {
      State state = *to;
      for (int64_t i = 0; i < count; ++i) state = combine(state, from[i * src_step]);
      *to = state;
    } else {
      for (int64_t i = 0; i < count; ++i) to[i * dst_step] = combine(to[i * dst_step], from[i * src_step]);
    }
  });
}

}  // namespace pare
