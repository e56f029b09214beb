#include "eval/real_values.h"

#include <algorithm>
#include <cmath>

namespace pare {
namespace {

template <class T>
Tensor quantized_as(const Tensor& real, const Quantization& quantization) {
  Tensor stored(dtype_of<T>, real.shape());
  const IntegerRange range = integer_range(dtype_of<T>);
  const auto from = real.values<float>();
  auto to = stored.template mutable_values<T>();
  for (size_t i = 0; i < to.size(); ++i) {
    const float steps = std::round(from[i] / quantization.scale()) + static_cast<float>(quantization.zero_point());
    to[i] = static_cast<T>(std::clamp(steps, static_cast<float>(range.lowest), static_cast<float>(range.highest)));
  }
  return stored;
}

}  // namespace

Expected<std::vector<float>> real_values(const Value& value, const void* data) {
  const TensorType& type = value.type;
  const size_t bytes = storage_bytes(type.dtype, type.shape.elements());
  if (type.dtype == DType::String) return unsupported("tensor '{}' holds text", value.name);
  std::vector<float> numbers = to_floats(Tensor(type.dtype, type.shape, {static_cast<const std::byte*>(data), bytes}));
  if (!type.is_quantized()) return numbers;
  if (!type.quantization->is_per_tensor()) return unsupported("tensor '{}' has several scales", value.name);
  const float scale = type.quantization->scale(), zero_point = static_cast<float>(type.quantization->zero_point());
  for (float& number : numbers) number = (number - zero_point) * scale;
  return numbers;
}

Tensor stored_as(const TensorType& type, Tensor tensor) {
  if (tensor.dtype() != DType::Float32 || !type.is_quantized() || !type.quantization->is_per_tensor()) return tensor;
  switch (type.dtype) {
    case DType::Int8: return quantized_as<int8_t>(tensor, *type.quantization);
    case DType::UInt8: return quantized_as<uint8_t>(tensor, *type.quantization);
    case DType::Int16: return quantized_as<int16_t>(tensor, *type.quantization);
    default: return tensor;
  }
}

}  // namespace pare
