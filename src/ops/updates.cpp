#include "ops/updates.h"

#include "ir/graph.h"
#include "ops/checks.h"
#include "ops/rules.h"

namespace pare {
namespace {

// The first `tensors` operands are alike, the rest are scalars, absent ones left out; one result for each of the former but the
// gradient, operand 1.
Expected<std::vector<TensorType>> infer_tensors(const InferContext& context, size_t tensors) {
  for (size_t i = 1; i < tensors; ++i)
    if (context.shape(i) != context.shape(0))
      return bad_input("an operand is {} for weights {}", context.shape(i).to_string(), context.shape(0).to_string());
  for (size_t i = tensors; i < context.operands.size(); ++i)
    if (context.has(i) && (!context.shape(i).is_static() || context.shape(i).elements() != 1))
      return bad_input("operand {} has the shape {}, one element was expected", i, context.shape(i).to_string());
  return std::vector<TensorType>(tensors - 1, {context.type(0).dtype, context.shape(0), {}});
}

Expected<std::vector<TensorType>> infer_with_rate(const InferContext& context) {
  return infer_tensors(context, context.operands.size() - 1);
}
Expected<std::vector<TensorType>> infer_average(const InferContext& context) { return infer_tensors(context, 2); }

Cost cost(const Node& node) { return {0, 6 * node.operands[0]->type.shape.elements()}; }

OpDef update(OpDef def) {
  if (def.infer == nullptr) def.infer = infer_with_rate;
  def.cost = cost;
  def.quantization = not_quantized(kOnlyTraining);
  def.in_tflite = false;
  return def;
}

const OperandSpec kWeights{"weights", "any shape"}, kGradient{"gradient", "as weights"},
    kRate{"rate", "one element: the learning rate"};

}  // namespace

const OpDef& op_sgd_update() {
  static const OpDef def = update({
      .name = "sgd_update",
      .summary = "A step of stochastic gradient descent with momentum.",
      .details =
          "velocity' = momentum * velocity - rate * gradient; weights' = weights * (1 - rate * decay) + velocity', or with nesterov + "
          "momentum * velocity' - rate * gradient. Sutskever et al. (2013), in the form of Keras.",
      .operands = {kWeights, kGradient, {"velocity", "as weights"}, kRate},
      .results = {{"weights'", "as weights"}, {"velocity'", "as weights"}},
      .attributes = SgdAttributes{},
  });
  return def;
}

const OpDef& op_adam_update() {
  static const OpDef def = update({
      .name = "adam_update",
      .summary = "A step of Adam, or with decay of AdamW.",
      .details =
          "m' = beta_1 * m + (1 - beta_1) * gradient; v' = beta_2 * v + (1 - beta_2) * gradient^2; weights' = weights * (1 - rate * decay) - "
          "step * m' / (sqrt(v') + epsilon), where step = rate * sqrt(1 - beta_2^t) / (1 - beta_1^t) is given. Kingma and Ba (2015), "
          "Loshchilov and Hutter (2019), in the form of Keras.",
      .operands = {kWeights, kGradient, {"m", "as weights"}, {"v", "as weights"}, kRate, {"step", "one element"}},
      .results = {{"weights'", "as weights"}, {"m'", "as weights"}, {"v'", "as weights"}},
      .attributes = AdamAttributes{},
      .infer = [](const InferContext& context) { return infer_tensors(context, 4); },
  });
  return def;
}

const OpDef& op_rmsprop_update() {
  static const OpDef def = update({
      .name = "rmsprop_update",
      .summary = "A step of RMSprop.",
      .details =
          "square' = rho * square + (1 - rho) * gradient^2; velocity' = momentum * velocity + rate * gradient / sqrt(square' + epsilon); "
          "weights' = weights * (1 - rate * decay) - velocity'. Hinton (2012), in the form of Keras.",
      .operands = {kWeights, kGradient, {"square", "as weights"}, {"velocity", "as weights"}, kRate},
      .results = {{"weights'", "as weights"}, {"square'", "as weights"}, {"velocity'", "as weights"}},
      .attributes = RmspropAttributes{},
  });
  return def;
}

const OpDef& op_moving_average() {
  static const OpDef def = update({
      .name = "moving_average",
      .summary = "A step of an exponential moving average.",
      .details =
          "average' = momentum * average + (1 - momentum) * value, where `momentum` is the operand if there is one.",
      .operands = {{"average", "any shape"},
                   {"value", "as average"},
                   {"momentum", "one element: in the place of the attribute", OperandSpec::Kind::Optional}},
      .results = {{"average'", "as average"}},
      .attributes = MovingAverageAttributes{},
      .infer = infer_average,
  });
  return def;
}

}  // namespace pare
