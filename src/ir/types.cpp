#include "ir/types.h"

#include <fmt/ranges.h>

#include <cmath>

namespace pare {

Quantization Quantization::per_axis(std::vector<float> scales, int axis) {
  const size_t count = scales.size();
  return {std::move(scales), std::vector<int64_t>(count, 0), axis, 0};
}

namespace {

Expected<void> verify_scale_count(const TensorType& type) {
  const Quantization& quantization = *type.quantization;
  const auto count = static_cast<int64_t>(quantization.scales.size());
  if (quantization.block > 0) {
    const int64_t elements = type.shape.is_static() ? type.shape.elements() : -1;
    if (type.shape.rank() == 0 || elements < 0 || type.shape[-1] % quantization.block != 0 ||
        count != elements / quantization.block)
      return bad_input("{} scales in blocks of {} do not fit the shape {}", count, quantization.block,
                       type.shape.to_string());
    return {};
  }
  if (count == 1) return {};
  if (quantization.axis < 0 || quantization.axis >= type.shape.rank())
    return bad_input("the quantised axis {} is outside the shape {}", quantization.axis, type.shape.to_string());
  if (type.shape[quantization.axis] != count)
    return bad_input("{} scales for the {} slices along axis {}", count, type.shape[quantization.axis],
                     quantization.axis);
  return {};
}

}  // namespace

Expected<void> verify(const TensorType& type) {
  if (!type.quantization) return {};
  const Quantization& quantization = *type.quantization;
  if (!is_integer(type.dtype))
    return bad_input("quantisation of a {} tensor; integers were expected", to_string(type.dtype));
  if (quantization.scales.empty() || quantization.zero_points.size() != quantization.scales.size())
    return bad_input("{} scales with {} zero points", quantization.scales.size(), quantization.zero_points.size());
  for (const float scale : quantization.scales)
    if (!std::isfinite(scale) || scale <= 0) return bad_input("scale {}; a positive finite number was expected", scale);
  const IntegerRange range = integer_range(type.dtype);
  for (const int64_t zero_point : quantization.zero_points)
    if (zero_point < range.lowest || zero_point > range.highest)
      return bad_input("zero point {} is outside the {} range", zero_point, to_string(type.dtype));
  return verify_scale_count(type);
}

std::string to_string(const TensorType& type) {
  std::string text = fmt::format("{}{}", to_string(type.dtype), type.shape.to_string());
  if (!type.quantization) return text;
  const Quantization& quantization = *type.quantization;
  if (quantization.is_per_tensor() && quantization.axis == 0)
    return fmt::format("{} quant({}, {})", text, quantization.scale(), quantization.zero_point());
  const std::string place =
      quantization.block > 0 ? fmt::format("block={}", quantization.block) : fmt::format("axis={}", quantization.axis);
  return fmt::format("{} quant({}, [{}], [{}])", text, place, fmt::join(quantization.scales, ", "),
                     fmt::join(quantization.zero_points, ", "));
}

}  // namespace pare
