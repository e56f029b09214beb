#include "ops/gradient.h"

#include <unordered_map>

#include "ops/reductions.h"
#include "ops/reshape.h"

namespace pare {

GradientBuilder::GradientBuilder(Graph& graph, const Node& node, std::vector<Value*> gradients,
                                 std::vector<bool> wanted)
    : GraphWriter(graph, node.name + "/gradient"),
      node_(node),
      gradients_(std::move(gradients)),
      wanted_(std::move(wanted)),
      given_(node.operands.size(), nullptr) {}

Value* GradientBuilder::reshaped(Value* value, const Shape& shape) {
  if (failure_ || value->type.shape == shape) return value;
  return op("reshape", {value}, ReshapeAttributes{shape.dims()});
}

Value* GradientBuilder::reduced(Value* value, const Shape& shape) {
  if (failure_ || value->type.shape == shape) return value;
  const int added = value->type.shape.rank() - shape.rank();
  std::vector<int64_t> axes;
  for (int i = 0; i < value->type.shape.rank(); ++i)
    if (i < added || (shape[i - added] == 1 && value->type.shape[i] != 1)) axes.push_back(i);
  return reshaped(op("sum", {value, indices(axes)}, ReduceAttributes{}), shape);
}

Value* GradientBuilder::broadcast(Value* value, const Shape& shape) {
  if (failure_ || value->type.shape == shape) return value;
  return op("broadcast_to", {value, indices(shape.dims())});
}

void GradientBuilder::give(size_t operand, Value* gradient) {
  if (failure_ || !wants(operand)) return;
  given_.at(operand) = reduced(gradient, shape(operand));
}

Expected<std::vector<Value*>> GradientBuilder::gradients_of_operands() {
  if (failure_) return Failure(failure_->within("the gradient of " + describe(node_)));
  return std::move(given_);
}

#define PARE_GRADIENT(name) void gradient_##name(GradientBuilder& build);
#define PARE_NO_GRADIENT(name, reason)
#include "ops/all_gradients.inc"
#undef PARE_GRADIENT
#undef PARE_NO_GRADIENT

GradientEntry gradient_of(std::string_view op_name) {
  static const std::unordered_map<std::string_view, GradientEntry> table = {
#define PARE_GRADIENT(name) {#name, {gradient_##name, {}}},
#define PARE_NO_GRADIENT(name, reason) {#name, {nullptr, reason}},
#include "ops/all_gradients.inc"
#undef PARE_GRADIENT
#undef PARE_NO_GRADIENT
  };
  const auto found = table.find(op_name);
  return found == table.end() ? GradientEntry{} : found->second;
}

}  // namespace pare
