#include "ops/rules.h"

#include "ir/graph.h"
#include "ops/tied_channels.h"

namespace pare {

Expected<std::vector<TensorType>> infer_as_src(const InferContext& context) {
  return std::vector<TensorType>{{context.type(0).dtype, context.shape(0), {}}};
}

Expected<Shape> broadcast_operands(const InferContext& context, size_t a, size_t b) {
  std::optional<Shape> shape = broadcast(context.shape(a), context.shape(b));
  if (!shape)
    return bad_input("the shapes {} and {} cannot be broadcast", context.shape(a).to_string(),
                     context.shape(b).to_string());
  return *shape;
}

namespace {

Expected<std::vector<TensorType>> infer_broadcast_as(const InferContext& context, std::optional<DType> result) {
  const DType a = context.type(0).dtype, b = context.type(1).dtype;
  if (a != b) return bad_input("operands are {} and {}, one type was expected", to_string(a), to_string(b));
  PARE_ASSIGN(Shape shape, broadcast_operands(context, 0, 1));
  return std::vector<TensorType>{{result.value_or(a), std::move(shape), {}}};
}

}  // namespace

Expected<std::vector<TensorType>> infer_broadcast(const InferContext& context) {
  return infer_broadcast_as(context, std::nullopt);
}
Expected<std::vector<TensorType>> infer_broadcast_bool(const InferContext& context) {
  return infer_broadcast_as(context, DType::Bool);
}

Cost cost_per_element(const Node& node) {
  int64_t elements = 0;
  for (const Value* result : node.results) elements += result->type.shape.elements();
  return {0, elements};
}

Cost cost_nothing(const Node&) { return {}; }

QuantRule free_scales(std::vector<int> activations, bool int16) {
  return {.scales = QuantRule::Scales::Free, .activations = std::move(activations), .int16 = int16};
}
QuantRule same_scales(std::vector<int> activations, bool int16) {
  return {.scales = QuantRule::Scales::Same, .activations = std::move(activations), .int16 = int16};
}
QuantRule plain_output(std::vector<int> activations, bool int16) {
  return {.scales = QuantRule::Scales::PlainOutput, .activations = std::move(activations), .int16 = int16};
}
QuantRule not_quantized(std::string_view reason) { return {.int16 = false, .reason = reason}; }
QuantRule product_scales(int weights_axis) {
  return {.scales = QuantRule::Scales::Free,
          .activations = {0},
          .weights = 1,
          .weights_axis = weights_axis,
          .bias = 2,
          .dynamic_range = true,
          .int4_weights = true,
          .weight_only = true};
}

OpDef unary(OpDef def) {
  def.operands = {{"src", "any shape"}};
  def.results = {{"dst", "as src"}};
  def.infer = infer_as_src;
  def.cost = cost_per_element;
  def.channels = channels_elementwise;
  def.traits.elementwise = true;
  return def;
}

}  // namespace pare
