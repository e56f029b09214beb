#include "ops/elementwise_binary.h"

#include "ir/graph.h"
#include "ops/rules.h"
#include "ops/tied_channels.h"

namespace pare {
namespace {

// Completes what all of the family share.
OpDef binary(OpDef def) {
  def.operands = {{"x", "any shape"}, {"y", "broadcast against x"}};
  def.results = {{"dst", "the broadcast shape"}};
  def.infer = infer_broadcast;
  def.cost = cost_per_element;
  def.channels = channels_elementwise;
  def.traits.elementwise = true;
  return def;
}

}  // namespace

const OpDef& op_add() {
  static const OpDef def = binary({
      .name = "add",
      .summary = "Sum, with fused activation.",
      .details = "dst = activation(x + y)",
      .attributes = AddAttributes{},
      .quantization = free_scales(),
      .traits = {.commutative = true, .fuses_activation = true},
      .onnx = "Add",
  });
  return def;
}

const OpDef& op_sub() {
  static const OpDef def = binary({
      .name = "sub",
      .summary = "Difference, with fused activation.",
      .details = "dst = activation(x - y)",
      .attributes = AddAttributes{},
      .quantization = free_scales(),
      .traits = {.fuses_activation = true},
      .onnx = "Sub",
  });
  return def;
}

const OpDef& op_mul() {
  static const OpDef def = binary({
      .name = "mul",
      .summary = "Product, with fused activation.",
      .details = "dst = activation(x * y)",
      .attributes = MulAttributes{},
      .quantization = free_scales(),
      .traits = {.commutative = true, .fuses_activation = true},
      .onnx = "Mul",
  });
  return def;
}

const OpDef& op_div() {
  static const OpDef def = binary({
      .name = "div",
      .summary = "Quotient, with fused activation.",
      .details =
          "dst = activation(x / y). Integers that are not quantised are truncated towards zero; their divisors must not be zero.",
      .attributes = MulAttributes{},
      .quantization = free_scales({}, false),
      .traits = {.fuses_activation = true},
      .onnx = "Div",
  });
  return def;
}

const OpDef& op_maximum() {
  static const OpDef def = binary({
      .name = "maximum",
      .summary = "The larger of two elements.",
      .details = "dst = max(x, y)",
      .quantization = same_scales(),
      .traits = {.commutative = true},
      .onnx = "Max",
  });
  return def;
}

const OpDef& op_minimum() {
  static const OpDef def = binary({
      .name = "minimum",
      .summary = "The smaller of two elements.",
      .details = "dst = min(x, y)",
      .quantization = same_scales(),
      .traits = {.commutative = true},
      .onnx = "Min",
  });
  return def;
}

const OpDef& op_squared_difference() {
  static const OpDef def = binary({
      .name = "squared_difference",
      .summary = "Square of the difference.",
      .details = "dst = (x - y)^2",
      .quantization = free_scales({}, false),
      .traits = {.commutative = true},
  });
  return def;
}

const OpDef& op_pow() {
  static const OpDef def = binary({
      .name = "pow",
      .summary = "Power.",
      .details = "dst = x^y. Integer exponents must not be negative.",
      .quantization = not_quantized(kNoIntegerKernel),
      .onnx = "Pow",
  });
  return def;
}

const OpDef& op_floor_div() {
  static const OpDef def = binary({
      .name = "floor_div",
      .summary = "Quotient rounded towards minus infinity.",
      .details = "dst = floor(x / y). An integer divisor must not be zero.",
      .quantization = not_quantized(kNoIntegerKernel),
  });
  return def;
}

const OpDef& op_floor_mod() {
  static const OpDef def = binary({
      .name = "floor_mod",
      .summary = "Remainder with the sign of the divisor.",
      .details = "dst = x - floor(x / y) * y. An integer divisor must not be zero.",
      .quantization = not_quantized(kNoIntegerKernel),
  });
  return def;
}

}  // namespace pare
