#include "ops/reductions.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <limits>

#include "ops/channel_sums.h"
#include "ops/integer_kernels.h"
#include "ops/reduction_kernels.h"

namespace pare {
namespace {

std::string declines_plain(const KernelRequest& request) {
  if (request.type(0).is_quantized()) return "quantised elements";
  return refuse_other_types<float, int32_t, int64_t>(request.dtype());
}

struct Plus {
  template <class A, class B>
  A operator()(A a, B b) const {
    return a + b;
  }
};
struct Times {
  template <class T>
  T operator()(T a, T b) const {
    return a * b;
  }
};
struct Larger {
  template <class T>
  T operator()(T a, T b) const {
    return a > b ? a : b;
  }
};
struct Smaller {
  template <class T>
  T operator()(T a, T b) const {
    return a < b ? a : b;
  }
};

// Float sums of each channel: over all dimensions but the last.
std::string declines_channels(const KernelRequest& request) {
  if (request.dtype() != DType::Float32) return "src is not float32";
  const Shape& src = request.shape(0);
  if (src.empty() || src.elements() == 0) return "there is nothing to sum";
  const std::vector<int64_t> axes = to_int64(*request.operand(1)->data);
  const bool last =
      std::any_of(axes.begin(), axes.end(), [&](int64_t axis) { return axis == -1 || axis == src.rank() - 1; });
  return last || request.result_type().shape.elements() != src[-1] ? "other dimensions are summed" : "";
}

class ChannelSums final : public SharedWork {
 public:
  explicit ChannelSums(const KernelRequest& request)
      : passes_(request.shape(0).elements() / request.shape(0)[-1], request.shape(0)[-1]) {}
  int phases() const override { return 2; }
  void run_share(const Buffers& buffers, Share share) const override {
    if (share.phase == 0) return passes_.add_up(buffers.src<float>(), buffers, share);
    for (int64_t c = share.begin(passes_.channels()); c < share.end(passes_.channels()); ++c)
      buffers.dst<float>()[c] = static_cast<float>(passes_.total(0, c, buffers, share));
  }
  size_t scratch_bytes() const override { return passes_.workspace_bytes(); }

 private:
  ChannelPasses passes_;
};

Expected<std::unique_ptr<Kernel>> create_channels(const KernelRequest& request) {
  return std::make_unique<ChannelSums>(request);
}

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
    return make_kernel(
        [loops = reduction_loops(request), results = request.result_type().shape.elements()](const Buffers& buffers) {
          reduce(loops, buffers.src<T>(), buffers.dst<T>(), results, start_value<T>(start), Combine());
        });
  });
}

// Integers are added up in 64 bits.
Expected<std::unique_ptr<Kernel>> create_mean(const KernelRequest& request) {
  return with_type<float, int32_t, int64_t>(request.dtype(), [&]<class T>(T) {
    using Sum = std::conditional_t<std::is_same_v<T, float>, float, int64_t>;
    const int64_t results = request.result_type().shape.elements();
    return make_kernel(
        [loops = reduction_loops(request), results, count = reduced_count(request)](const Buffers& buffers) {
          auto* sums = reinterpret_cast<Sum*>(buffers.scratch);
          reduce(loops, buffers.src<T>(), sums, results, Sum{0},
                 [](Sum sum, T value) { return sum + static_cast<Sum>(value); });
          for (int64_t i = 0; i < results; ++i)
            buffers.dst<T>()[i] = count == 0 ? T{0} : static_cast<T>(sums[i] / static_cast<Sum>(count));
        },
        static_cast<size_t>(results) * sizeof(Sum));
  });
}

// --- quantised elements

std::string declines_stored_reduction(const KernelRequest& request) {
  return declines_stored<int8_t, uint8_t, int16_t>(request, 1);
}
std::string declines_stored_product(const KernelRequest& request) {
  return declines_stored<int8_t, int16_t>(request, 1);
}
std::string declines_stored_extremum(const KernelRequest& request) {
  if (request.type(0).quantization != request.result_type().quantization) return "src and dst have different scales";
  return declines_stored_reduction(request);
}

// The divisor of a mean goes into the multiplier, after as many bits to the left as it has itself.
FixedMultiplier divided(FixedMultiplier multiplier, int64_t by) {
  if (by == 0) return multiplier;
  const int width = 63 - std::countl_zero(static_cast<uint64_t>(by));
  const int shift = std::min({width, 32, 31 + multiplier.shift});
  return {static_cast<int32_t>((static_cast<int64_t>(multiplier.multiplier) << shift) / by), multiplier.shift - shift};
}

template <bool mean>
Expected<std::unique_ptr<Kernel>> create_stored_sum(const KernelRequest& request) {
  const int64_t count = reduced_count(request), results = request.result_type().shape.elements();
  const FixedMultiplier scale = to_fixed_multiplier(static_cast<double>(scale_of(request.type(0))) /
                                                    static_cast<double>(scale_of(request.result_type())));
  const FixedMultiplier multiplier = mean ? divided(scale, count) : scale;
  return with_type<int8_t, uint8_t, int16_t>(request.dtype(), [&]<class T>(T) {
    return make_kernel(
        [=, loops = reduction_loops(request), offset = static_cast<int32_t>(zero_point_of(request.type(0)) * count),
         range = StoredRange(request.result_type(), Activation::None)](const Buffers& buffers) {
          auto* sums = reinterpret_cast<int32_t*>(buffers.scratch);
          reduce(loops, buffers.src<T>(), sums, results, int32_t{0}, Plus());
          for (int64_t i = 0; i < results; ++i)
            buffers.dst<T>()[i] =
                static_cast<T>(range.clamp(multiply(sums[i] - offset, multiplier) + range.zero_point));
        },
        static_cast<size_t>(results) * sizeof(int32_t));
  });
}

template <class Combine, bool largest_first>
Expected<std::unique_ptr<Kernel>> create_stored_extremum(const KernelRequest& request) {
  return with_type<int8_t, uint8_t, int16_t>(request.dtype(), [&]<class T>(T) {
    return make_kernel(
        [loops = reduction_loops(request), results = request.result_type().shape.elements()](const Buffers& buffers) {
          reduce(loops, buffers.src<T>(), buffers.dst<T>(), results,
                 largest_first ? std::numeric_limits<T>::max() : std::numeric_limits<T>::lowest(), Combine());
        });
  });
}

constexpr int64_t kNothing = std::numeric_limits<int64_t>::max();  // a product without a factor so far

// Each factor is rescaled by the same share of the whole scale, so that no product grows beyond 64 bits.
Expected<std::unique_ptr<Kernel>> create_stored_product(const KernelRequest& request) {
  const int64_t count = reduced_count(request), results = request.result_type().shape.elements();
  const double share = std::pow(static_cast<double>(scale_of(request.result_type())),
                                1.0 / static_cast<double>(std::max<int64_t>(count, 1)));
  const FixedMultiplier multiplier = to_fixed_multiplier(static_cast<double>(scale_of(request.type(0))) / share);
  return with_type<int8_t, int16_t>(request.dtype(), [&]<class T>(T) {
    return make_kernel(
        [=, loops = reduction_loops(request), zero = zero_point_of(request.type(0)),
         range = StoredRange(request.result_type(), Activation::None)](const Buffers& buffers) {
          auto* products = reinterpret_cast<int64_t*>(buffers.scratch);
          reduce(loops, buffers.src<T>(), products, results, kNothing, [zero, multiplier](int64_t product, T value) {
            const int64_t factor = value - zero;
            return product == kNothing ? factor : int64_t{multiply(product * factor, multiplier)};
          });
          for (int64_t i = 0; i < results; ++i)
            buffers.dst<T>()[i] = static_cast<T>(
                range.clamp((products[i] == kNothing ? 0 : multiply(products[i], multiplier)) + range.zero_point));
        },
        static_cast<size_t>(results) * sizeof(int64_t));
  });
}

std::string declines_logical(const KernelRequest& request) { return refuse_other_types<bool>(request.dtype()); }

template <class Combine, bool start>
Expected<std::unique_ptr<Kernel>> create_logical(const KernelRequest& request) {
  return make_kernel(
      [loops = reduction_loops(request), results = request.result_type().shape.elements()](const Buffers& buffers) {
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

std::string declines_arg(const KernelRequest& request) {
  return refuse_other_types<float, int8_t, uint8_t, int16_t, int32_t, int64_t, bool>(request.dtype());
}

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
  return with_type<float, int8_t, uint8_t, int16_t, int32_t, int64_t, bool>(
      request.dtype(), [&]<class T>(T) -> Expected<std::unique_ptr<Kernel>> {
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

ImplementationList exec_mean() {
  return {{"plain", declines_plain, create_mean}, {"integer", declines_stored_reduction, create_stored_sum<true>}};
}
ImplementationList exec_sum() {
  return {{"channels", declines_channels, create_channels, true},
          {"plain", declines_plain, create_plain<Plus, Start::Zero>},
          {"integer", declines_stored_reduction, create_stored_sum<false>}};
}
ImplementationList exec_reduce_max() {
  return {{"plain", declines_plain, create_plain<Larger, Start::Lowest>},
          {"integer", declines_stored_extremum, create_stored_extremum<Larger, false>}};
}
ImplementationList exec_reduce_min() {
  return {{"plain", declines_plain, create_plain<Smaller, Start::Highest>},
          {"integer", declines_stored_extremum, create_stored_extremum<Smaller, true>}};
}
ImplementationList exec_reduce_prod() {
  return {{"plain", declines_plain, create_plain<Times, Start::One>},
          {"integer", declines_stored_product, create_stored_product}};
}
ImplementationList exec_reduce_any() { return {{"plain", declines_logical, create_logical<std::logical_or<>, false>}}; }
ImplementationList exec_reduce_all() { return {{"plain", declines_logical, create_logical<std::logical_and<>, true>}}; }
ImplementationList exec_arg_max() { return {{"plain", declines_arg, create_arg<std::greater<>>}}; }
ImplementationList exec_arg_min() { return {{"plain", declines_arg, create_arg<std::less<>>}}; }
ImplementationList exec_cumsum() { return {{"plain", declines_plain, create_cumsum}}; }

}  // namespace pare
