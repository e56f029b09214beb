#include "ops/reductions.h"

#include <algorithm>
#include <functional>
#include <limits>

#include "ops/kernel_types.h"
#include "ops/strided_loops.h"

namespace pare {
namespace {

// Walks src in order; dst stands still along the reduced dimensions.
StridedLoops<2> reduction_loops(const KernelRequest& request) {
  const Shape& src = request.shape(0);
  Shape kept = src;
  for (const int64_t axis : to_int64(*request.operand(1)->data)) kept[static_cast<int>(axis)] = 1;
  return {src.dims(), {row_major_strides(src), broadcast_strides(kept, src)}};
}

// Elements of src for each one of dst.
int64_t reduced_count(const KernelRequest& request) {
  const int64_t results = request.result_type().shape.elements();
  return results == 0 ? 0 : request.shape(0).elements() / results;
}

// dst = combination of the elements of src, starting from `initial`.
template <class Src, class State, class Combine>
void reduce(const StridedLoops<2>& loops, const Src* src, State* dst, int64_t results, State initial, const Combine& combine) {
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

std::string declines_plain(const KernelRequest& request) {
  if (request.type(0).is_quantized()) return "quantised elements";
  return refuse_other_types<float, int32_t, int64_t>(request.dtype());
}

struct Plus { template <class T> T operator()(T a, T b) const { return a + b; } };
struct Times { template <class T> T operator()(T a, T b) const { return a * b; } };
struct Larger { template <class T> T operator()(T a, T b) const { return a > b ? a : b; } };
struct Smaller { template <class T> T operator()(T a, T b) const { return a < b ? a : b; } };

enum class Start { Zero, One, Lowest, Highest };
template <class T>
T start_value(Start start) {
  switch (start) {
    case Start::Zero: return 0;
    case Start::One: return 1;
    case Start::Lowest: return std::numeric_limits<T>::lowest();
    case Start::Highest: return std::numeric_limits<T>::max();
  }
  PARE_CHECK(false);
}

template <class Combine, Start start>
Expected<std::unique_ptr<Kernel>> create_plain(const KernelRequest& request) {
  return with_type<float, int32_t, int64_t>(request.dtype(), [&]<class T>(T) {
    return make_kernel([loops = reduction_loops(request), results = request.result_type().shape.elements()](const Buffers& buffers) {
      reduce(loops, buffers.src<T>(), buffers.dst<T>(), results, start_value<T>(start), Combine());
    });
  });
}

Expected<std::unique_ptr<Kernel>> create_mean(const KernelRequest& request) {
  return with_type<float, int32_t, int64_t>(request.dtype(), [&]<class T>(T) {
    return make_kernel([loops = reduction_loops(request), results = request.result_type().shape.elements(), count = reduced_count(request)](const Buffers& buffers) {
      T* dst = buffers.dst<T>();
      reduce(loops, buffers.src<T>(), dst, results, T{0}, Plus());
      for (int64_t i = 0; i < results && count > 0; ++i) dst[i] /= static_cast<T>(count);
    });
  });
}

std::string declines_logical(const KernelRequest& request) { return refuse_other_types<bool>(request.dtype()); }

template <class Combine, bool start>
Expected<std::unique_ptr<Kernel>> create_logical(const KernelRequest& request) {
  return make_kernel([loops = reduction_loops(request), results = request.result_type().shape.elements()](const Buffers& buffers) {
    reduce(loops, buffers.src<bool>(), buffers.dst<bool>(), results, start, Combine());
  });
}

// One dimension of a tensor, and what lies before and after it.
struct AxisView {
  AxisView(const KernelRequest& request, int64_t given) {
    const Shape& src = request.shape(0);
    const auto axis = static_cast<int>(given < 0 ? given + src.rank() : given);
    outer = src.elements(0, axis);
    extent = src[axis];
    inner = src.elements(axis + 1, src.rank());
  }
  int64_t outer, extent, inner;
};

std::string declines_arg(const KernelRequest& request) { return refuse_other_types<float, int8_t, uint8_t, int16_t, int32_t, int64_t, bool>(request.dtype()); }

template <class Src, class Dst, class Better>
std::unique_ptr<Kernel> make_arg(const AxisView& view) {
  return make_kernel([view](const Buffers& buffers) {
    for (int64_t o = 0; o < view.outer; ++o)
      for (int64_t i = 0; i < view.inner; ++i) {
        const Src* src = buffers.src<Src>() + o * view.extent * view.inner + i;
        int64_t best = 0;
        for (int64_t k = 1; k < view.extent; ++k)
          if (Better()(src[k * view.inner], src[best * view.inner])) best = k;
        buffers.dst<Dst>()[o * view.inner + i] = static_cast<Dst>(best);
      }
  });
}

template <class Better>
Expected<std::unique_ptr<Kernel>> create_arg(const KernelRequest& request) {
  const AxisView view(request, to_int64(*request.operand(1)->data)[0]);
  return with_type<float, int8_t, uint8_t, int16_t, int32_t, int64_t, bool>(request.dtype(), [&]<class T>(T) -> Expected<std::unique_ptr<Kernel>> {
    if (request.result_type().dtype == DType::Int64) return make_arg<T, int64_t, Better>(view);
    return make_arg<T, int32_t, Better>(view);
  });
}

Expected<std::unique_ptr<Kernel>> create_cumsum(const KernelRequest& request) {
  const AxisView view(request, to_int64(*request.operand(1)->data)[0]);
  const auto& attributes = request.node.attrs<CumsumAttributes>();
  return with_type<float, int32_t, int64_t>(request.dtype(), [&]<class T>(T) {
    return make_kernel([view, exclusive = attributes.exclusive, reverse = attributes.reverse](const Buffers& buffers) {
      for (int64_t o = 0; o < view.outer; ++o)
        for (int64_t i = 0; i < view.inner; ++i) {
          const int64_t first = o * view.extent * view.inner + i;
          T sum = 0;
          for (int64_t k = 0; k < view.extent; ++k) {
            const int64_t at = first + (reverse ? view.extent - 1 - k : k) * view.inner;
            const T value = buffers.src<T>()[at];
            buffers.dst<T>()[at] = exclusive ? sum : sum + value;
            sum += value;
          }
        }
    });
  });
}

}  // namespace

ImplementationList exec_mean() { return {{"plain", declines_plain, create_mean}}; }
ImplementationList exec_sum() { return {{"plain", declines_plain, create_plain<Plus, Start::Zero>}}; }
ImplementationList exec_reduce_max() { return {{"plain", declines_plain, create_plain<Larger, Start::Lowest>}}; }
ImplementationList exec_reduce_min() { return {{"plain", declines_plain, create_plain<Smaller, Start::Highest>}}; }
ImplementationList exec_reduce_prod() { return {{"plain", declines_plain, create_plain<Times, Start::One>}}; }
ImplementationList exec_reduce_any() { return {{"plain", declines_logical, create_logical<std::logical_or<>, false>}}; }
ImplementationList exec_reduce_all() { return {{"plain", declines_logical, create_logical<std::logical_and<>, true>}}; }
ImplementationList exec_arg_max() { return {{"plain", declines_arg, create_arg<std::greater<>>}}; }
ImplementationList exec_arg_min() { return {{"plain", declines_arg, create_arg<std::less<>>}}; }
ImplementationList exec_cumsum() { return {{"plain", declines_plain, create_cumsum}}; }

}  // namespace pare
