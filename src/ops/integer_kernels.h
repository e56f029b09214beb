// Kernels on quantised elements, of 8 or 16 bits with one scale a tensor. Their results are bit for bit those of TFLite's reference kernels.
#pragma once

#include <array>
#include <cmath>

#include "engine/fixed_point.h"
#include "engine/int16_table.h"
#include "engine/requantize.h"
#include "ops/elementwise_kernels.h"
#include "ops/kernel_types.h"

namespace pare {

// Quantised operands (the first `operands`) and result, all of one type, which is among Ts.
template <class... Ts>
std::string declines_stored(const KernelRequest& request, size_t operands) {
  for (size_t i = 0; i < operands; ++i) {
    if (request.dtype(i) != request.result_type().dtype) return "operands and result have different types";
    if (std::string reason = refuse_unquantized(request.type(i), "an operand"); !reason.empty()) return reason;
  }
  if (std::string reason = refuse_unquantized(request.result_type(), "the result"); !reason.empty()) return reason;
  return refuse_other_types<Ts...>(request.dtype());
}

inline float scale_of(const TensorType& type) { return type.quantization->scale(); }
inline int32_t zero_point_of(const TensorType& type) { return static_cast<int32_t>(type.quantization->zero_point()); }

// dst = f(x, y) in stored integers; f is made from the request.
template <class Function>
Expected<std::unique_ptr<Kernel>> create_stored_binary(const KernelRequest& request) {
  return with_type<int8_t, uint8_t, int16_t>(request.dtype(), [&]<class T>(T) {
    return make_binary<T, T>(request, [f = Function(request)](T x, T y) { return static_cast<T>(f(x, y)); });
  });
}

// dst = f(src) in stored integers. Functions of 8 bits become tables.
template <class Function>
Expected<std::unique_ptr<Kernel>> make_stored_unary(const KernelRequest& request, const Function& f) {
  return with_type<int8_t, uint8_t, int16_t>(request.dtype(), [&]<class T>(T) {
    if constexpr (sizeof(T) == 1) {
      std::array<T, 256> table;
      for (int32_t i = std::numeric_limits<T>::min(); i <= std::numeric_limits<T>::max(); ++i)
        table[static_cast<uint8_t>(i)] = static_cast<T>(f(i));
      return make_unary<T, T>(request, [table](T x) { return table[static_cast<uint8_t>(x)]; });
    } else {
      return make_unary<T, T>(request, [f](T x) { return static_cast<T>(f(x)); });
    }
  });
}

// A real function on stored integers, as TFLite tabulates it: in 8 bits value by value, in 16 bits interpolated.
template <class Function>
Expected<std::unique_ptr<Kernel>> make_tabulated(const KernelRequest& request, const Function& f) {
  const TensorType &src = request.type(0), &dst = request.result_type();
  const int32_t src_zero = zero_point_of(src), dst_zero = zero_point_of(dst);
  if (request.dtype() != DType::Int16) {
    const IntegerRange range = integer_range(dst.dtype);
    const float inverse = 1 / scale_of(dst);
    return make_stored_unary(request, [&](int32_t stored) {
      const float value =
          std::round(f(scale_of(src) * static_cast<float>(stored - src_zero)) * inverse) + static_cast<float>(dst_zero);
      // TFLite converts without a check, which gives the smallest integer for everything that an integer cannot hold.
      const int32_t whole =
          std::abs(value) < 0x1p31f ? static_cast<int32_t>(value) : std::numeric_limits<int32_t>::min();
      return std::clamp(whole, static_cast<int32_t>(range.lowest), static_cast<int32_t>(range.highest));
    });
  }
  const Int16Table table = Int16Table::of<float>(scale_of(src), src_zero, scale_of(dst), dst_zero, f);
  return make_unary<int16_t, int16_t>(request, table);
}

}  // namespace pare
