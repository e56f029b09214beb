// Choice between two tensors.
#include "ir/graph.h"
#include "ops/rules.h"
#include "ops/tied_channels.h"

namespace pare {
namespace {

Expected<void> check_types(const InferContext& context) {
  if (context.type(0).dtype != DType::Bool)
    return bad_input("'condition' is {}, bool was expected", to_string(context.type(0).dtype));
  const DType x = context.type(1).dtype, y = context.type(2).dtype;
  if (x != y) return bad_input("x and y are {} and {}, one type was expected", to_string(x), to_string(y));
  return {};
}

Expected<std::vector<TensorType>> infer_select(const InferContext& context) {
  PARE_TRY(check_types(context));
  const Shape &condition = context.shape(0), &x = context.shape(1), &y = context.shape(2);
  if (!x.compatible_with(y))
    return bad_input("x {} and y {} differ, equal shapes were expected", x.to_string(), y.to_string());
  const bool whole = condition.empty() || condition.compatible_with(x);
  const bool rows = condition.rank() == 1 && !x.empty() && Shape{condition[0]}.compatible_with(Shape{x[0]});
  if (!whole && !rows)
    return bad_input("'condition' has the shape {}; that of x, {}, its first dimension or a scalar was expected",
                     condition.to_string(), x.to_string());
  return std::vector<TensorType>{{context.type(1).dtype, x, {}}};
}

Expected<std::vector<TensorType>> infer_select_v2(const InferContext& context) {
  PARE_TRY(check_types(context));
  PARE_ASSIGN(const Shape values, broadcast_operands(context, 1, 2));
  const std::optional<Shape> shape = broadcast(context.shape(0), values);
  if (!shape)
    return bad_input("'condition' {} cannot be broadcast with {}", context.shape(0).to_string(), values.to_string());
  return std::vector<TensorType>{{context.type(1).dtype, *shape, {}}};
}

}  // namespace

const OpDef& op_select() {
  static const OpDef def{
      .name = "select",
      .summary = "Chooses elements, rows or a whole tensor.",
      .details =
          "dst = condition ? x : y. A condition of one dimension chooses along the first dimension of x and y, a scalar one of them whole.",
      .operands = {{"condition", "bool; as x, its first dimension, or a scalar"}, {"x", "any shape"}, {"y", "as x"}},
      .results = {{"dst", "as x"}},
      .infer = infer_select,
      .cost = cost_per_element,
      .quantization = same_scales({1, 2}),
  };
  return def;
}

const OpDef& op_select_v2() {
  static const OpDef def{
      .name = "select_v2",
      .summary = "Chooses elements.",
      .details = "dst = condition ? x : y, all three broadcast.",
      .operands = {{"condition", "bool, any shape"}, {"x", "broadcast"}, {"y", "broadcast"}},
      .results = {{"dst", "the broadcast shape"}},
      .infer = infer_select_v2,
      .cost = cost_per_element,
      .quantization = same_scales({1, 2}),
      .channels = channels_elementwise,
      .traits = {.elementwise = true},
      .onnx = "Where",
  };
  return def;
}

}  // namespace pare
