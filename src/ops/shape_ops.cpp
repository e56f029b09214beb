#include "ops/shape_ops.h"

#include <algorithm>
#include <cmath>

#include "base/plausible_shape.h"
#include "ir/graph.h"
#include "ops/checks.h"
#include "ops/rules.h"
#include "ops/tied_channels.h"

namespace pare {
namespace {

Expected<std::vector<TensorType>> infer_cast(const InferContext& context) {
  return std::vector<TensorType>{{context.attributes.as<CastAttributes>().out_data_type, context.shape(0), {}}};
}

Expected<std::vector<TensorType>> infer_shape(const InferContext& context) {
  const DType out_type = context.attributes.as<ShapeAttributes>().out_type;
  if (out_type != DType::Int32 && out_type != DType::Int64)
    return bad_input("out_type is {}, i32 or i64 was expected", to_string(out_type));
  return std::vector<TensorType>{{out_type, Shape{context.shape(0).rank()}, {}}};
}

Expected<std::vector<TensorType>> infer_rank(const InferContext&) {
  return std::vector<TensorType>{{DType::Int32, Shape{}, {}}};
}

Expected<std::vector<TensorType>> infer_fill(const InferContext& context) {
  PARE_ASSIGN(Shape dst, shape_operand(context, 0, "dims"));
  if (!context.shape(1).is_static() || context.shape(1).elements() != 1)
    return bad_input("'value' has the shape {}, one element was expected", context.shape(1).to_string());
  if (context.constant(0) != nullptr && !dst.checked_elements())
    return bad_input("'dims' are {}, a shape was expected", dst.to_string());
  return std::vector<TensorType>{{context.type(1).dtype, std::move(dst), {}}};
}

// Steps from start to limit; nothing where they never lead there, or are more than any tensor has elements.
std::optional<int64_t> count_steps(float start, float limit, float delta) {
  if (start == limit) return 0;
  if (delta == 0 || (start < limit) != (delta > 0)) return std::nullopt;
  const float steps = std::ceil(std::abs((limit - start) / delta));
  if (!(steps <= static_cast<float>(kMostElements))) return std::nullopt;
  return static_cast<int64_t>(steps);
}
std::optional<int64_t> count_steps(int64_t start, int64_t limit, int64_t delta) {
  if (start == limit) return 0;
  if (delta == 0 || (start < limit) != (delta > 0)) return std::nullopt;
  const auto from = static_cast<uint64_t>(std::min(start, limit)), to = static_cast<uint64_t>(std::max(start, limit));
  const uint64_t step = delta > 0 ? static_cast<uint64_t>(delta) : 0 - static_cast<uint64_t>(delta);
  const uint64_t steps = (to - from) / step + ((to - from) % step != 0 ? 1 : 0);
  if (steps > static_cast<uint64_t>(kMostElements)) return std::nullopt;
  return static_cast<int64_t>(steps);
}

Expected<std::vector<TensorType>> infer_range(const InferContext& context) {
  const DType dtype = context.type(0).dtype;
  for (size_t i = 0; i < 3; ++i) {
    if (context.type(i).dtype != dtype)
      return bad_input("operands are {} and {}, one type was expected", to_string(dtype),
                       to_string(context.type(i).dtype));
    if (!context.shape(i).is_static() || context.shape(i).elements() != 1)
      return bad_input("an operand has the shape {}, one element was expected", context.shape(i).to_string());
  }
  const bool known = context.constant(0) != nullptr && context.constant(1) != nullptr && context.constant(2) != nullptr;
  if (!known) return std::vector<TensorType>{{dtype, Shape{kDynamic}, {}}};
  const auto count = is_float(dtype)
                         ? count_steps(to_floats(*context.constant(0))[0], to_floats(*context.constant(1))[0],
                                       to_floats(*context.constant(2))[0])
                         : count_steps(to_int64(*context.constant(0))[0], to_int64(*context.constant(1))[0],
                                       to_int64(*context.constant(2))[0]);
  if (!count) return bad_input("steps of 'delta' never lead from 'start' to 'limit'");
  return std::vector<TensorType>{{dtype, Shape{*count}, {}}};
}

Expected<std::vector<TensorType>> infer_where(const InferContext& context) {
  int64_t count = kDynamic;
  if (context.constant(0) != nullptr) {
    const std::vector<float> values = to_floats(*context.constant(0));
    count = std::count_if(values.begin(), values.end(), [](float value) { return value != 0; });
  }
  return std::vector<TensorType>{{DType::Int64, Shape{count, context.shape(0).rank()}, {}}};
}

}  // namespace

const OpDef& op_cast() {
  static const OpDef def{
      .name = "cast",
      .summary = "Another element type.",
      .details = "Real numbers lose their fraction on the way to integers; anything but 0 is true.",
      .operands = {{"src", "any shape"}},
      .results = {{"dst", "of type out_data_type, as src"}},
      .attributes = CastAttributes{},
      .infer = infer_cast,
      .cost = cost_per_element,
      .quantization = not_quantized(kPlainNumbers),
      .channels = channels_elementwise,
      .traits = {.elementwise = true},
  };
  return def;
}

const OpDef& op_shape() {
  static const OpDef def{
      .name = "shape",
      .summary = "The extents of a tensor.",
      .details = "dst[i] = extent of dimension i of src",
      .operands = {{"src", "any shape"}},
      .results = {{"dst", "of type out_type, one for each dimension"}},
      .attributes = ShapeAttributes{},
      .infer = infer_shape,
      .cost = cost_nothing,
      .quantization = plain_output({}, true),
  };
  return def;
}

const OpDef& op_rank() {
  static const OpDef def{
      .name = "rank",
      .summary = "The number of dimensions of a tensor.",
      .details = "dst = number of dimensions of src",
      .operands = {{"src", "any shape"}},
      .results = {{"dst", "int32, a scalar"}},
      .infer = infer_rank,
      .cost = cost_nothing,
      .quantization = plain_output({}, true),
  };
  return def;
}

const OpDef& op_fill() {
  static const OpDef def{
      .name = "fill",
      .summary = "A tensor of one value.",
      .details = "dst[i...] = value",
      .operands = {{"dims", "int32 or int64"}, {"value", "one element"}},
      .results = {{"dst", "of the shape dims and the type of value"}},
      .infer = infer_fill,
      .cost = cost_nothing,
      .quantization = same_scales({1}),
      .traits = {.moves_data = true},
  };
  return def;
}

const OpDef& op_range() {
  static const OpDef def{
      .name = "range",
      .summary = "Numbers at equal distances.",
      .details = "dst[i] = start + i * delta, as long as limit is not reached",
      .operands = {{"start", "one element"}, {"limit", "one element"}, {"delta", "one element, not 0"}},
      .results = {{"dst", "one dimension"}},
      .infer = infer_range,
      .cost = cost_per_element,
      .quantization = not_quantized(kPlainNumbers),
      .onnx = "Range",
  };
  return def;
}

const OpDef& op_where() {
  static const OpDef def{
      .name = "where",
      .summary = "The places that are not zero.",
      .details = "Each row of dst holds the position of an element of src that is not zero (true), in row-major order.",
      .operands = {{"condition", "any shape"}},
      .results = {{"dst", "int64, places x dimensions"}},
      .infer = infer_where,
      .cost = cost_per_element,
      .quantization = plain_output({}, true),
  };
  return def;
}

const OpDef& op_zeros_like() {
  static const OpDef def{
      .name = "zeros_like",
      .summary = "Zeros in the shape of a tensor.",
      .details = "dst[i...] = 0",
      .operands = {{"src", "any shape"}},
      .results = {{"dst", "as src"}},
      .infer = infer_as_src,
      .cost = cost_nothing,
      .quantization = not_quantized(kNoIntegerKernel),
  };
  return def;
}

}  // namespace pare
