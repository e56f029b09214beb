// Layers and operations of several inputs.
#include <algorithm>

#include "formats/keras/activations.h"
#include "formats/keras/layers.h"
#include "ops/batch_matmul.h"
#include "ops/join_split.h"

namespace pare::keras {
namespace {

// Layers align inputs of fewer dimensions behind the batch (extents of 1 are put in there); operations as NumPy does.
Expected<void> align_ranks(LayerBuilder& builder) {
  int highest = 0;
  for (const Value* input : builder.inputs) highest = std::max(highest, input->type.shape.rank());
  for (Value*& input : builder.inputs) {
    const Shape& shape = input->type.shape;
    if (shape.rank() == highest || shape.rank() == 0) continue;
    std::vector<int64_t> dims = shape.dims();
    dims.insert(dims.begin() + 1, static_cast<size_t>(highest - shape.rank()), 1);
    PARE_ASSIGN(input, builder.reshape(input, dims));
  }
  return {};
}

// The operator that a merge layer, a Keras 3 operation or a TensorFlow function in a Keras 2 file stands for.
std::string_view arithmetic_operator(std::string_view name) {
  const struct {
    std::string_view keras, op;
  } table[] = {{"Add", "add"},           {"Subtract", "sub"},          {"Multiply", "mul"},
               {"Maximum", "maximum"},   {"Minimum", "minimum"},       {"Divide", "div"},
               {"TrueDivide", "div"},    {"__operators__.add", "add"}, {"math.add", "add"},
               {"math.subtract", "sub"}, {"math.multiply", "mul"},     {"math.truediv", "div"},
               {"math.divide", "div"},   {"math.maximum", "maximum"},  {"math.minimum", "minimum"}};
  for (const auto& row : table)
    if (row.keras == name) return row.op;
  return {};
}

Expected<Value*> fold(LayerBuilder& builder, std::string_view op) {
  if (builder.inputs.size() < 2)
    return bad_input("it is applied to {} inputs, at least 2 were expected", builder.inputs.size());
  Value* result = builder.inputs[0];
  for (size_t i = 1; i < builder.inputs.size(); ++i) {
    PARE_ASSIGN(result, builder.append(op, {result, builder.inputs[i]}));
  }
  return result;
}

}  // namespace

Expected<Value*> build_arithmetic(LayerBuilder& builder) {
  std::string name = builder.layer.class_name;
  const bool function = name == "TFOpLambda";
  if (function) name = builder.settings.text("function");
  PARE_TRY(builder.settings.status());
  const std::string_view op = arithmetic_operator(name);
  if (op.empty() && name.starts_with("nn.") && builder.inputs.size() == 1)
    return apply_function(builder, builder.inputs[0], name.substr(3));
  if (op.empty())
    return unsupported(
        "the TensorFlow function '{}' is not supported; use a layer instead, or convert the model to TFLite and give that file",
        name);
  const bool is_layer = !function && builder.layer.config.is_object() && builder.layer.config.contains("dtype");
  if (is_layer) PARE_TRY(align_ranks(builder));
  return fold(builder, op);
}

Expected<Value*> build_average(LayerBuilder& builder) {
  PARE_TRY(align_ranks(builder));
  PARE_ASSIGN(Value * sum, fold(builder, "add"));
  return builder.append("mul", {sum, builder.scalar(1.f / static_cast<float>(builder.inputs.size()))});
}

Expected<Value*> build_concatenate(LayerBuilder& builder) {
  const int64_t axis = builder.settings.integer("axis", -1);
  PARE_TRY(builder.settings.status());
  return builder.append("concatenation", ConcatenationAttributes{.axis = axis}, builder.inputs);
}

// The product of two tensors along one axis of each; see keras.layers.Dot.
Expected<Value*> build_dot(LayerBuilder& builder) {
  if (builder.inputs.size() != 2)
    return bad_input("it is applied to {} inputs, 2 were expected", builder.inputs.size());
  const auto given = builder.settings.integers("axes", 2);
  const bool normalize = builder.settings.flag("normalize", false);
  PARE_TRY(builder.settings.status());
  int64_t axes[2];
  Value* operands[2];
  Shape shapes[2];
  for (size_t i = 0; i < 2; ++i) {
    operands[i] = builder.inputs[i];
    shapes[i] = operands[i]->type.shape;
    const int rank = shapes[i].rank();
    if (rank < 2 || rank > 3) return unsupported("its input {} has {} dimensions, 2 or 3 are supported", i, rank);
    axes[i] = given[i] < 0 ? given[i] + rank : given[i];
    if (axes[i] < 1 || axes[i] >= rank)
      return bad_input("axis {} of an input of {} dimensions cannot be multiplied along", given[i], rank);
    if (rank == 2) { PARE_ASSIGN(operands[i], builder.reshape(operands[i], {shapes[i][0], 1, shapes[i][1]})); }
    const bool last = rank == 2 || axes[i] == 2;
    if (normalize && !last) {
      PARE_ASSIGN(operands[i], builder.append("transpose", {operands[i], builder.int32s("permutation", {0, 2, 1})}));
    }
    if (normalize) { PARE_ASSIGN(operands[i], builder.append("l2_normalization", {operands[i]})); }
    axes[i] = normalize || last ? 2 : 1;
  }
  BatchMatmulAttributes attributes;
  attributes.adj_x = axes[0] == 1;
  attributes.adj_y = axes[1] == 2;
  PARE_ASSIGN(Value * product, builder.append("batch_matmul", attributes, {operands[0], operands[1]}));
  std::vector<int64_t> dims{product->type.shape[0]};
  if (shapes[0].rank() == 3) dims.push_back(product->type.shape[1]);
  if (shapes[1].rank() == 3) dims.push_back(product->type.shape[2]);
  if (dims.size() == 1) dims.push_back(1);
  return dims.size() == 3 ? Expected<Value*>(product) : builder.reshape(product, dims);
}

}  // namespace pare::keras
