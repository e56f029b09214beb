// Mathematical functions of one tensor, element by element. Activations have a file of their own.
#include "ir/graph.h"
#include "ops/rules.h"

namespace pare {

const OpDef& op_abs() {
  static const OpDef def = unary({.name = "abs",
                                  .summary = "Magnitude.",
                                  .details = "dst = |src|",
                                  .quantization = free_scales(),
                                  .traits = {.positively_homogeneous = true},
                                  .onnx = "Abs"});
  return def;
}

const OpDef& op_neg() {
  static const OpDef def = unary({.name = "neg",
                                  .summary = "Opposite sign.",
                                  .details = "dst = -src",
                                  .quantization = not_quantized(kNoIntegerKernel),
                                  .traits = {.positively_homogeneous = true},
                                  .onnx = "Neg"});
  return def;
}

const OpDef& op_exp() {
  static const OpDef def = unary({.name = "exp",
                                  .summary = "Exponential.",
                                  .details = "dst = e^src",
                                  .quantization = free_scales(),
                                  .onnx = "Exp"});
  return def;
}

const OpDef& op_log() {
  static const OpDef def = unary({.name = "log",
                                  .summary = "Natural logarithm.",
                                  .details = "dst = ln(src)",
                                  .quantization = free_scales(),
                                  .onnx = "Log"});
  return def;
}

const OpDef& op_sqrt() {
  static const OpDef def = unary({.name = "sqrt",
                                  .summary = "Square root.",
                                  .details = "dst = sqrt(src)",
                                  .quantization = free_scales(),
                                  .onnx = "Sqrt"});
  return def;
}

const OpDef& op_rsqrt() {
  static const OpDef def = unary({.name = "rsqrt",
                                  .summary = "Reciprocal of the square root.",
                                  .details = "dst = 1 / sqrt(src)",
                                  .quantization = free_scales()});
  return def;
}

const OpDef& op_square() {
  static const OpDef def = unary({.name = "square",
                                  .summary = "Square.",
                                  .details = "dst = src^2",
                                  .quantization = not_quantized(kNoIntegerKernel)});
  return def;
}

const OpDef& op_sin() {
  static const OpDef def = unary({.name = "sin",
                                  .summary = "Sine.",
                                  .details = "dst = sin(src), radians",
                                  .quantization = not_quantized(kNoIntegerKernel),
                                  .onnx = "Sin"});
  return def;
}

const OpDef& op_cos() {
  static const OpDef def = unary({.name = "cos",
                                  .summary = "Cosine.",
                                  .details = "dst = cos(src), radians",
                                  .quantization = not_quantized(kNoIntegerKernel),
                                  .onnx = "Cos"});
  return def;
}

const OpDef& op_floor() {
  static const OpDef def = unary({.name = "floor",
                                  .summary = "Rounded towards minus infinity.",
                                  .details = "dst = floor(src)",
                                  .quantization = not_quantized(kNoIntegerKernel),
                                  .onnx = "Floor"});
  return def;
}

const OpDef& op_ceil() {
  static const OpDef def = unary({.name = "ceil",
                                  .summary = "Rounded towards infinity.",
                                  .details = "dst = ceil(src)",
                                  .quantization = not_quantized(kNoIntegerKernel),
                                  .onnx = "Ceil"});
  return def;
}

const OpDef& op_round() {
  static const OpDef def = unary({.name = "round",
                                  .summary = "Rounded to the nearest integer.",
                                  .details = "dst = the integer nearest to src, the even one of two",
                                  .quantization = not_quantized(kNoIntegerKernel),
                                  .onnx = "Round"});
  return def;
}

const OpDef& op_sign() {
  static const OpDef def = unary({.name = "sign",
                                  .summary = "Sign.",
                                  .details = "dst = 1, 0 or -1",
                                  .quantization = not_quantized(kNoIntegerKernel),
                                  .onnx = "Sign"});
  return def;
}

const OpDef& op_erf() {
  static const OpDef def = unary({.name = "erf",
                                  .summary = "Gauss error function.",
                                  .details = "dst = 2 / sqrt(pi) * integral of exp(-t^2) from 0 to src",
                                  .quantization = not_quantized(kNoIntegerKernel),
                                  .in_tflite = false,
                                  .onnx = "Erf"});
  return def;
}

}  // namespace pare
