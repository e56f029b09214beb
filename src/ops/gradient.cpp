#include "ops/gradient.h"

#include <unordered_map>

#include "ops/reductions.h"
#include "ops/reshape.h"

namespace pare {

GradientBuilder::GradientBuilder(Graph& graph, const Node& node, std::vector<Value*> gradients,
                                 std::vector<bool> wanted)
    : graph_(graph),
      node_(node),
      gradients_(std::move(gradients)),
      wanted_(std::move(wanted)),
      given_(node.operands.size(), nullptr) {}

Value* GradientBuilder::op(std::string_view name, std::vector<Value*> operands, std::optional<Attributes> attributes) {
  return ops(name, std::move(operands), attributes ? std::move(*attributes) : find_op(name)->attributes, 1).front();
}

std::vector<Value*> GradientBuilder::ops(std::string_view name, std::vector<Value*> operands, Attributes attributes,
                                         size_t results) {
  if (failure_) return std::vector<Value*>(results, nullptr);
  auto added = graph_.append(*find_op(name), std::move(attributes), std::move(operands),
                             std::vector<std::string>(results, node_.name + "/gradient"));
  if (added) return (*added)->results;
  failure_ = added.error();
  return std::vector<Value*>(results, nullptr);
}

Value* GradientBuilder::scalar(float value) {
  return graph_.add_constant(node_.name + "/constant", Tensor::scalar(value));
}

Value* GradientBuilder::indices(const std::vector<int64_t>& values) {
  return indices(values, Shape{static_cast<int64_t>(values.size())});
}

Value* GradientBuilder::indices(const std::vector<int64_t>& values, const Shape& shape) {
  Tensor tensor(DType::Int32, shape);
  const auto out = tensor.mutable_values<int32_t>();
  for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<int32_t>(values[i]);
  return graph_.add_constant(node_.name + "/constant", std::move(tensor));
}

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

void GradientBuilder::refuse(std::string reason) {
  if (!failure_) failure_ = Error{ErrorCode::Unsupported, std::move(reason), "", nullptr};
}

Expected<std::vector<Value*>> GradientBuilder::finish() {
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
