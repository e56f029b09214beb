#include "ops/checks.h"

#include <algorithm>

#include "base/plausible_shape.h"

namespace pare {

Expected<void> check_rank(const InferContext& context, size_t index, std::string_view name, int rank) {
  if (context.shape(index).rank() == rank) return {};
  return bad_input("'{}' has the shape {}, {} dimensions were expected", name, context.shape(index).to_string(), rank);
}

Expected<void> check_positive(std::initializer_list<std::pair<std::string_view, int64_t>> values) {
  for (const auto& [name, value] : values)
    if (value < 1 || value > kMostElements)
      return bad_input("{} is {}, {} was expected", name, value, value < 1 ? "at least 1" : "the extent of a tensor");
  return {};
}

Expected<void> check_bias(const InferContext& context, size_t index, int64_t channels) {
  if (!context.has(index)) return {};
  const Shape& bias = context.shape(index);
  if (bias.is_static() && bias.elements() == channels) return {};
  return bad_input("'bias' has the shape {}, {} elements were expected", bias.to_string(), channels);
}

Expected<int> check_axis(int64_t axis, int rank) {
  if (axis < -rank || axis >= rank) return bad_input("axis {} is outside a tensor of {} dimensions", axis, rank);
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

Expected<std::vector<int64_t>> constant_operand(const InferContext& context, size_t index, std::string_view name) {
  PARE_TRY(check_index_type(context, index, name));
  if (context.constant(index) == nullptr)
    return unsupported("'{}' is computed at run time, a constant was expected", name);
  return index_values(*context.constant(index));
}

std::vector<int64_t> index_values(const Tensor& constant) {
  std::vector<int64_t> values = to_int64(constant);
  for (int64_t& value : values) value = std::clamp(value, -kMostElements, kMostElements);
  return values;
}

Expected<Shape> shape_operand(const InferContext& context, size_t index, std::string_view name) {
  PARE_TRY(check_index_type(context, index, name));
  PARE_TRY(check_rank(context, index, name, 1));
  const int64_t rank = context.shape(index)[0];
  if (rank == kDynamic) return unsupported("the number of dimensions is computed at run time");
  if (rank > kMostDimensions)
    return unsupported("'{}' gives {} dimensions; at most {} are", name, rank, kMostDimensions);
  if (context.constant(index) != nullptr) return Shape(index_values(*context.constant(index)));
  return Shape(std::vector<int64_t>(static_cast<size_t>(rank), kDynamic));
}

Expected<void> check_index_type(const InferContext& context, size_t index, std::string_view name) {
  const DType dtype = context.type(index).dtype;
  if (dtype == DType::Int32 || dtype == DType::Int64) return {};
  return bad_input("'{}' is {}, i32 or i64 was expected", name, to_string(dtype));
}

}  // namespace pare
