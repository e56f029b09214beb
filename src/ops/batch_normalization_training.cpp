#include "ops/batch_normalization_training.h"

#include "ir/graph.h"
#include "ops/checks.h"
#include "ops/rules.h"

namespace pare {
namespace {

Expected<void> check_channels(const InferContext& context, size_t first, std::initializer_list<std::string_view> names,
                              int64_t channels) {
  for (const std::string_view name : names) {
    if (context.has(first) && context.shape(first) != Shape{channels})
      return bad_input("'{}' has the shape {}, [{}] was expected", name, context.shape(first).to_string(), channels);
    ++first;
  }
  return {};
}

Expected<void> check_activation(const InferContext& context) {
  const Activation activation = context.attributes.as<BatchNormalizationTrainingAttributes>().activation;
  if (activation == Activation::None || activation == Activation::Relu || activation == Activation::Relu6) return {};
  return bad_input("the activation is {}; none, relu or relu6 was expected", to_string(activation));
}

Expected<int64_t> channels_of(const Shape& shape) {
  if (shape.empty() || shape[-1] == kDynamic) return bad_input("{} has no known number of channels", shape.to_string());
  return shape[-1];
}

Expected<std::vector<TensorType>> infer_forward(const InferContext& context) {
  PARE_TRY(check_activation(context));
  PARE_ASSIGN(const int64_t channels, channels_of(context.shape(0)));
  PARE_TRY(check_channels(context, 1, {"gamma", "beta", "mean", "variance"}, channels));
  const bool fixed = context.attributes.as<BatchNormalizationTrainingAttributes>().fixed;
  if (context.has(3) != fixed || context.has(4) != fixed)
    return bad_input("'mean' and 'variance' were expected with `fixed`, and only then");
  const TensorType vector{context.type(0).dtype, Shape{channels}, {}};
  return std::vector<TensorType>{{context.type(0).dtype, context.shape(0), {}}, vector, vector};
}

Expected<std::vector<TensorType>> infer_backward(const InferContext& context) {
  PARE_TRY(check_activation(context));
  PARE_ASSIGN(const int64_t channels, channels_of(context.shape(0)));
  if (!context.shape(1).compatible_with(context.shape(0)))
    return bad_input("'ddst' is {} and 'src' {}, one shape was expected", context.shape(0).to_string(),
                     context.shape(1).to_string());
  PARE_TRY(check_channels(context, 2, {"gamma", "beta", "mean", "variance"}, channels));
  const TensorType vector{context.type(0).dtype, Shape{channels}, {}};
  return std::vector<TensorType>{{context.type(0).dtype, context.shape(0), {}}, vector, vector};
}

Cost cost(const Node& node) { return {0, 4 * node.operands[0]->type.shape.elements()}; }

}  // namespace

const OpDef& op_batch_normalization_training() {
  static const OpDef def{
      .name = "batch_normalization_training",
      .summary = "Normalises each channel by the statistics of the batch, or by fixed ones, with fused activation.",
      .details =
          "mean[c] and variance[c] (of the population) over all positions, or with `fixed` those given; dst = activation(gamma * (src - mean) "
          "/ sqrt(variance + epsilon) + beta). Ioffe and Szegedy, \"Batch Normalization\" (2015).",
      .operands = {{"src", "...,C"},
                   {"gamma", "C", OperandSpec::Kind::Optional},
                   {"beta", "C", OperandSpec::Kind::Optional},
                   {"mean", "C", OperandSpec::Kind::Optional},
                   {"variance", "C", OperandSpec::Kind::Optional}},
      .results = {{"dst", "as src"}, {"mean", "C"}, {"variance", "C"}},
      .attributes = BatchNormalizationTrainingAttributes{},
      .infer = infer_forward,
      .cost = cost,
      .quantization = not_quantized(kOnlyTraining),
      .traits = {.fuses_activation = true},
      .in_tflite = false,
  };
  return def;
}

const OpDef& op_batch_normalization_backward() {
  static const OpDef def{
      .name = "batch_normalization_backward",
      .summary = "Gradients of batch_normalization_training.",
      .details =
          "With x = (src - mean) / sqrt(variance + epsilon), M positions, and g = ddst where the activation passes gamma * x + beta: dbeta = sum "
          "of g, dgamma = sum of g * x, dsrc = gamma / sqrt(variance + epsilon) * (g - dbeta / M - x * dgamma / M), with `fixed` statistics that times g alone.",
      .operands = {{"ddst", "...,C"},
                   {"src", "as ddst"},
                   {"gamma", "C", OperandSpec::Kind::Optional},
                   {"beta", "C", OperandSpec::Kind::Optional},
                   {"mean", "C"},
                   {"variance", "C"}},
      .results = {{"dsrc", "as src"}, {"dgamma", "C"}, {"dbeta", "C"}},
      .attributes = BatchNormalizationTrainingAttributes{},
      .infer = infer_backward,
      .cost = cost,
      .quantization = not_quantized(kOnlyTraining),
      .traits = {.fuses_activation = true},
      .in_tflite = false,
  };
  return def;
}

}  // namespace pare
