#include "ops/activations.h"

#include "ir/graph.h"
#include "ops/rules.h"
#include "ops/tied_channels.h"

namespace pare {
namespace {

constexpr std::string_view kExpanded = "TFLite lacks it; it is written as several operators";

// The slopes are broadcast into the shape of src, never the other way round.
Expected<std::vector<TensorType>> infer_prelu(const InferContext& context) {
  PARE_ASSIGN(std::vector<TensorType> types, infer_broadcast(context));
  if (types[0].shape.compatible_with(context.shape(0))) return types;
  return bad_input("'alpha' has the shape {}, which does not fit into {}", context.shape(1).to_string(),
                   context.shape(0).to_string());
}

QuantRule fixed_output(float int8_scale, int64_t int8_zero_point) {
  return {.scales = QuantRule::Scales::FixedOutput,
          .fixed_int8 = QuantRule::Fixed{int8_scale, int8_zero_point},
          .fixed_int16 = QuantRule::Fixed{1.f / 32768, 0}};
}

}  // namespace

const OpDef& op_relu() {
  static const OpDef def = unary({.name = "relu",
                                  .summary = "Rectified linear unit.",
                                  .details = "dst = max(src, 0)",
                                  .quantization = free_scales(),
                                  .traits = {.positively_homogeneous = true},
                                  .onnx = "Relu"});
  return def;
}

const OpDef& op_relu6() {
  static const OpDef def = unary({.name = "relu6",
                                  .summary = "Rectified linear unit cut off at 6.",
                                  .details = "dst = min(max(src, 0), 6)",
                                  .quantization = free_scales()});
  return def;
}

const OpDef& op_relu_n1_to_1() {
  static const OpDef def = unary({.name = "relu_n1_to_1",
                                  .summary = "Linear between -1 and 1.",
                                  .details = "dst = min(max(src, -1), 1)",
                                  .quantization = free_scales({}, false)});
  return def;
}

const OpDef& op_relu_0_to_1() {
  static const OpDef def = unary({.name = "relu_0_to_1",
                                  .summary = "Linear between 0 and 1.",
                                  .details = "dst = min(max(src, 0), 1)",
                                  .quantization = free_scales({}, false)});
  return def;
}

const OpDef& op_leaky_relu() {
  static const OpDef def = unary({.name = "leaky_relu",
                                  .summary = "Rectified linear unit with a slope below 0.",
                                  .details = "dst = src >= 0 ? src : alpha * src",
                                  .attributes = LeakyReluAttributes{},
                                  .quantization = free_scales(),
                                  .traits = {.positively_homogeneous = true},
                                  .onnx = "LeakyRelu"});
  return def;
}

const OpDef& op_prelu() {
  static const OpDef def{
      .name = "prelu",
      .summary = "Rectified linear unit with learned slopes below 0.",
      .details = "dst = src >= 0 ? src : alpha * src",
      .operands = {{"src", "any shape"}, {"alpha", "broadcast into src", OperandSpec::Kind::Required, true}},
      .results = {{"dst", "as src"}},
      .infer = infer_prelu,
      .cost = cost_per_element,
      .quantization = free_scales({}, false),
      .channels = channels_elementwise,
      .traits = {.elementwise = true},
  };
  return def;
}

const OpDef& op_elu() {
  static const OpDef def = unary({.name = "elu",
                                  .summary = "Exponential linear unit.",
                                  .details = "dst = src >= 0 ? src : e^src - 1",
                                  .quantization = not_quantized("TFLite's converter leaves it in float"),
                                  .onnx = "Elu"});
  return def;
}

const OpDef& op_hard_swish() {
  static const OpDef def = unary({.name = "hard_swish",
                                  .summary = "Piecewise swish.",
                                  .details = "dst = src * min(max(src + 3, 0), 6) / 6",
                                  .quantization = free_scales({}, false),
                                  .onnx = "HardSwish"});
  return def;
}

const OpDef& op_logistic() {
  static const OpDef def = unary({.name = "logistic",
                                  .summary = "Sigmoid.",
                                  .details = "dst = 1 / (1 + e^-src)",
                                  .quantization = fixed_output(1.f / 256, -128),
                                  .onnx = "Sigmoid"});
  return def;
}

const OpDef& op_tanh() {
  static const OpDef def = unary({.name = "tanh",
                                  .summary = "Hyperbolic tangent.",
                                  .details = "dst = tanh(src)",
                                  .quantization = fixed_output(1.f / 128, 0),
                                  .onnx = "Tanh"});
  return def;
}

const OpDef& op_gelu() {
  static const OpDef def = unary({
      .name = "gelu",
      .summary = "Gaussian error linear unit.",
      .details =
          "dst = src * (1 + erf(src / sqrt(2))) / 2; approximate: src * (1 + tanh(sqrt(2 / pi) * (src + 0.044715 * src^3))) / 2",
      .attributes = GeluAttributes{},
      .quantization = free_scales(),
  });
  return def;
}

const OpDef& op_selu() {
  static const OpDef def = unary({
      .name = "selu",
      .summary = "Scaled exponential linear unit.",
      .details = "dst = 1.05070098 * (src >= 0 ? src : 1.67326324 * (e^src - 1))",
      .quantization = not_quantized(kExpanded),
      .in_tflite = false,
      .onnx = "Selu",
  });
  return def;
}

const OpDef& op_softplus() {
  static const OpDef def = unary({.name = "softplus",
                                  .summary = "Smooth rectified linear unit.",
                                  .details = "dst = ln(1 + e^src)",
                                  .quantization = not_quantized(kExpanded),
                                  .in_tflite = false,
                                  .onnx = "Softplus"});
  return def;
}

const OpDef& op_softsign() {
  static const OpDef def = unary({.name = "softsign",
                                  .summary = "Rational sigmoid.",
                                  .details = "dst = src / (1 + |src|)",
                                  .quantization = not_quantized(kExpanded),
                                  .in_tflite = false,
                                  .onnx = "Softsign"});
  return def;
}

const OpDef& op_swish() {
  static const OpDef def = unary({.name = "swish",
                                  .summary = "Swish, also called SiLU.",
                                  .details = "dst = src / (1 + e^-src)",
                                  .quantization = not_quantized(kExpanded),
                                  .in_tflite = false});
  return def;
}

const OpDef& op_mish() {
  static const OpDef def = unary({.name = "mish",
                                  .summary = "Mish.",
                                  .details = "dst = src * tanh(ln(1 + e^src))",
                                  .quantization = not_quantized(kExpanded),
                                  .in_tflite = false,
                                  .onnx = "Mish"});
  return def;
}

const OpDef& op_hard_sigmoid() {
  static const OpDef def = unary({
      .name = "hard_sigmoid",
      .summary = "Piecewise linear sigmoid.",
      .details = "dst = min(max(alpha * src + beta, 0), 1). Keras 2 has alpha 0.2, Keras 3 alpha 1/6.",
      .attributes = HardSigmoidAttributes{},
      .quantization = not_quantized(kExpanded),
      .in_tflite = false,
      .onnx = "HardSigmoid",
  });
  return def;
}

}  // namespace pare
