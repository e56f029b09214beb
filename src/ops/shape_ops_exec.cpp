#include "ops/shape_ops.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "ops/elementwise_kernels.h"
#include "ops/kernel_types.h"

namespace pare {
namespace {

std::string accepts(const KernelRequest&) { return ""; }

// --- cast

std::string declines_cast(const KernelRequest& request) {
  if (std::string reason =
          refuse_other_types<float, int8_t, uint8_t, int16_t, uint16_t, int32_t, uint32_t, int64_t, bool>(
              request.dtype());
      !reason.empty())
    return reason;
  return refuse_other_types<float, int8_t, uint8_t, int16_t, uint16_t, int32_t, uint32_t, int64_t, bool>(
      request.result_type().dtype);
}

// Real numbers outside an integer type become its nearest value, NaN zero; in C++ they would have none.
template <class Dst, class Src>
Dst convert(Src value) {
  if constexpr (std::is_floating_point_v<Src> && std::is_integral_v<Dst> && !std::is_same_v<Dst, bool>) {
    if (value != value) return 0;
    if (value >= static_cast<Src>(std::numeric_limits<Dst>::max())) return std::numeric_limits<Dst>::max();
    if (value <= static_cast<Src>(std::numeric_limits<Dst>::lowest())) return std::numeric_limits<Dst>::lowest();
  }
  return static_cast<Dst>(value);
}

template <class Src, class... Dsts>
Expected<std::unique_ptr<Kernel>> create_cast_from(const KernelRequest& request) {
  return with_type<Dsts...>(request.result_type().dtype,
                            [&]<class Dst>(Dst) { return make_unary<Src, Dst>(request, convert<Dst, Src>); });
}

Expected<std::unique_ptr<Kernel>> create_cast(const KernelRequest& request) {
  return with_type<float, int8_t, uint8_t, int16_t, uint16_t, int32_t, uint32_t, int64_t, bool>(
      request.dtype(), [&]<class Src>(Src) {
        return create_cast_from<Src, float, int8_t, uint8_t, int16_t, uint16_t, int32_t, uint32_t, int64_t, bool>(
            request);
      });
}

// --- shapes

Expected<std::unique_ptr<Kernel>> create_shape(const KernelRequest& request) {
  return with_type<int32_t, int64_t>(request.result_type().dtype, [&]<class T>(T) {
    return make_kernel([dims = request.shape(0).dims()](const Buffers& buffers) {
      for (size_t i = 0; i < dims.size(); ++i) buffers.dst<T>()[i] = static_cast<T>(dims[i]);
    });
  });
}

Expected<std::unique_ptr<Kernel>> create_rank(const KernelRequest& request) {
  return make_kernel([rank = request.shape(0).rank()](const Buffers& buffers) { *buffers.dst<int32_t>() = rank; });
}

// --- tensors made of nothing

std::string declines_fill(const KernelRequest& request) { return refuse_packed_types(request.dtype(1)); }

Expected<std::unique_ptr<Kernel>> create_fill(const KernelRequest& request) {
  return make_kernel([width = element_bytes(request.dtype(1)),
                      copy = StridedCopy({request.result_type().shape.elements()}, {0}, {1})](const Buffers& buffers) {
    copy.run(buffers.src<void>(1), buffers.dst<void>(), width);
  });
}

Expected<std::unique_ptr<Kernel>> create_zeros(const KernelRequest& request) {
  const TensorType& type = request.result_type();
  return make_kernel([bytes = storage_bytes(type.dtype, type.shape.elements())](const Buffers& buffers) {
    std::memset(buffers.dst<void>(), 0, bytes);
  });
}

std::string declines_range(const KernelRequest& request) {
  return refuse_other_types<float, int32_t, int64_t>(request.dtype());
}

Expected<std::unique_ptr<Kernel>> create_range(const KernelRequest& request) {
  return with_type<float, int32_t, int64_t>(request.dtype(), [&]<class T>(T) {
    return make_kernel([count = request.result_type().shape.elements()](const Buffers& buffers) {
      T value = *buffers.src<T>(0);
      for (int64_t i = 0; i < count; ++i, value += *buffers.src<T>(2)) buffers.dst<T>()[i] = value;
    });
  });
}

// --- where

std::string declines_where(const KernelRequest& request) {
  if (!request.operand(0)->is_constant()) return "the number of places is known at run time only";
  return refuse_other_types<bool, float, int8_t, uint8_t, int32_t, uint32_t, int64_t>(request.dtype());
}

Expected<std::unique_ptr<Kernel>> create_where(const KernelRequest& request) {
  return with_type<bool, float, int8_t, uint8_t, int32_t, uint32_t, int64_t>(request.dtype(), [&]<class T>(T) {
    return make_kernel(
        [strides = row_major_strides(request.shape(0)), count = request.shape(0).elements()](const Buffers& buffers) {
          int64_t* dst = buffers.dst<int64_t>();
          for (int64_t i = 0; i < count; ++i) {
            if (buffers.src<T>()[i] == T{0}) continue;
            int64_t rest = i;
            for (const int64_t stride : strides) {
              *dst++ = rest / stride;
              rest %= stride;
            }
          }
        });
  });
}

}  // namespace

ImplementationList exec_cast() { return {{"plain", declines_cast, create_cast}}; }
ImplementationList exec_shape() { return {{"plain", accepts, create_shape}}; }
ImplementationList exec_rank() { return {{"plain", accepts, create_rank}}; }
ImplementationList exec_fill() { return {{"plain", declines_fill, create_fill}}; }
ImplementationList exec_zeros_like() { return {{"plain", accepts, create_zeros}}; }
ImplementationList exec_range() { return {{"plain", declines_range, create_range}}; }
ImplementationList exec_where() { return {{"plain", declines_where, create_where}}; }

}  // namespace pare
