// Choice of a kernel by element type, and indices of whatever type.
#pragma once

#include <string>

#include "engine/kernel.h"

namespace pare {

// Creates the kernel for the C++ type of `dtype`, which is one of Ts: create(T{}).
template <class... Ts, class Create>
Expected<std::unique_ptr<Kernel>> with_type(DType dtype, const Create& create) {
  Expected<std::unique_ptr<Kernel>> kernel;
  const bool found = ((dtype == dtype_of<Ts> && (kernel = create(Ts{}), true)) || ...);
  PARE_CHECK(found, "there is no kernel for {}", to_string(dtype));
  return kernel;
}

// Refusal of an element type that is none of Ts; empty for one of them.
template <class... Ts>
std::string refuse_other_types(DType dtype) {
  return ((dtype == dtype_of<Ts>) || ...) ? "" : std::string(to_string(dtype)) + " elements";
}

// For operators that copy elements, of whatever type: refusal of elements that are no whole number of bytes.
inline std::string refuse_packed_types(DType dtype) {
  return bit_width(dtype) % 8 == 0 && bit_width(dtype) > 0 ? "" : std::string(to_string(dtype)) + " elements";
}
inline size_t element_bytes(DType dtype) { return static_cast<size_t>(bit_width(dtype)) / 8; }

// Elements of an index operand, of either width.
class Indices {
 public:
  Indices(const KernelRequest& request, size_t operand)
      : operand_(operand), wide_(request.dtype(operand) == DType::Int64) {}
  int64_t operator()(const Buffers& buffers, int64_t i) const {
    return wide_ ? buffers.src<int64_t>(operand_)[i] : buffers.src<int32_t>(operand_)[i];
  }

 private:
  size_t operand_;
  bool wide_;
};

// Refusal of an operand or result that is not quantised with one scale.
inline std::string refuse_unquantized(const TensorType& type, std::string_view name) {
  return type.is_quantized() && type.quantization->is_per_tensor()
             ? ""
             : fmt::format("{} is not quantised with one scale", name);
}

}  // namespace pare
