#include "eval/real_values.h"

namespace pare {

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

}  // namespace pare
