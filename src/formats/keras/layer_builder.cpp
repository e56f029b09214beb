#include "formats/keras/layer_builder.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "formats/keras/weight_layout.h"
#include "ops/reductions.h"
#include "ops/shape_ops.h"

namespace pare::keras {

Expected<void> check_size(const Shape& shape) {
  constexpr int64_t kMostElements = int64_t{1} << 40;
  Shape sample = shape;
  for (int i = 0; i < sample.rank(); ++i) {
    if (sample[i] == kDynamic) sample[i] = 1;
    if (sample[i] > std::numeric_limits<int32_t>::max())
      return bad_input("the shape {} is too large", shape.to_string());
  }
  const auto elements = sample.checked_elements();
  if (!elements || *elements > kMostElements) return bad_input("the shape {} is too large", shape.to_string());
  return {};
}

Expected<Value*> LayerBuilder::append(std::string_view op, Attributes attributes, std::vector<Value*> operands) {
  const OpDef* def = find_op(op);
  PARE_CHECK(def != nullptr, "no operator '{}'", op);
  PARE_ASSIGN(Node * node, state_->graph.append(*def, std::move(attributes), std::move(operands),
                                                {fmt::format("{}/{}", prefix_, op)}));
  return node->result();
}

Expected<Value*> LayerBuilder::append(std::string_view op, std::vector<Value*> operands) {
  const OpDef* def = find_op(op);
  PARE_CHECK(def != nullptr, "no operator '{}'", op);
  return append(op, def->attributes, std::move(operands));
}

Value* LayerBuilder::constant(std::string_view role, Tensor data) {
  return state_->graph.add_constant(fmt::format("{}/{}", prefix_, role), std::move(data));
}

Value* LayerBuilder::int32s(std::string_view role, const std::vector<int64_t>& values) {
  for (const int64_t value : values) PARE_CHECK(value == static_cast<int32_t>(value), "{} does not fit 32 bits", value);
  return constant(role, Tensor::vector<int32_t>({values.begin(), values.end()}));
}

Expected<Tensor> LayerBuilder::weight(std::string_view weight_name, const Shape& expected) {
  const std::string path = state_->weights.path(layer, weight_name);
  if (path.empty() || !state_->file.has(path))
    return bad_input("the file lacks its weight '{}'; save the whole model with model.save", weight_name);
  PARE_ASSIGN(const Shape found, state_->file.shape(path));
  if (found != expected)
    return bad_input("its weight '{}' has the shape {} in the file, {} was expected", weight_name, found.to_string(),
                     expected.to_string());
  PARE_ASSIGN_IN(Tensor data, state_->file.floats(path), fmt::format("weight '{}'", weight_name));
  const auto values = data.values<float>();
  if (std::any_of(values.begin(), values.end(), [](float value) { return std::isnan(value); }))
    return bad_input(
        "its weight '{}' holds values that are not numbers (NaN); the training diverged, use an earlier checkpoint",
        weight_name);
  return data;
}

Expected<Value*> LayerBuilder::weight_constant(std::string_view weight_name, const Shape& expected,
                                               const std::vector<int>& permutation, const Shape& shape) {
  std::string key = fmt::format("{} {}", state_->weights.path(layer, weight_name), shape.to_string());
  for (const int dimension : permutation) key += fmt::format(" {}", dimension);
  if (const auto found = state_->constants.find(key); found != state_->constants.end()) return found->second;
  PARE_ASSIGN(const Tensor data, weight(weight_name, expected));
  WeightLayout layout = layout_of(expected, permutation, shape);
  Value* value = constant(weight_name, to_graph(layout, data));
  state_->weights_read.push_back({prefix_, std::string(weight_name), std::move(layout), value->name, {}});
  return state_->constants[key] = value;
}

Expected<Value*> LayerBuilder::reshape(Value* value, const std::vector<int64_t>& dims) {
  return append("reshape", {value, int32s("shape", dims)});
}

Expected<Value*> LayerBuilder::cast(Value* value, DType dtype) {
  return append("cast", CastAttributes{dtype}, {value});
}

Expected<Value*> LayerBuilder::reduce(std::string_view op, Value* value, const std::vector<int64_t>& axes,
                                      bool keep_dims) {
  return append(op, ReduceAttributes{keep_dims}, {value, int32s("axes", axes)});
}

Expected<Value*> LayerBuilder::only_input(int smallest_rank, int largest_rank) {
  if (inputs.size() != 1) return bad_input("it is applied to {} inputs, one was expected", inputs.size());
  const Shape& shape = inputs[0]->type.shape;
  if (shape.rank() < smallest_rank || shape.rank() > largest_rank)
    return bad_input("its input has the shape {}, {} to {} dimensions were expected", shape.to_string(), smallest_rank,
                     largest_rank);
  for (int i = 1; i < shape.rank(); ++i)
    if (shape[i] == kDynamic)
      return unsupported("its input has the shape {}; only the batch may be unknown", shape.to_string());
  return inputs[0];
}

Expected<void> LayerBuilder::require_channels_last() {
  const std::string format = settings.text("data_format", "channels_last");
  PARE_TRY(settings.status());
  if (format != "channels_last")
    return unsupported(
        "data_format '{}' is not supported; build the model with channels_last and copy the weights over", format);
  return {};
}

}  // namespace pare::keras
