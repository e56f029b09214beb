// Comparisons of two tensors and logic of truth values, element by element.
#include "ir/graph.h"
#include "ops/rules.h"
#include "ops/tied_channels.h"

namespace pare {
namespace {

OpDef comparison(OpDef def) {
  def.operands = {{"x", "any shape"}, {"y", "broadcast against x"}};
  def.results = {{"dst", "bool, the broadcast shape"}};
  def.infer = infer_broadcast_bool;
  def.cost = cost_per_element;
  def.quantization = plain_output();
  def.channels = channels_elementwise;
  def.traits.elementwise = true;
  return def;
}

Expected<void> check_bool(const InferContext& context) {
  for (const TensorType* type : context.operands)
    if (type->dtype != DType::Bool) return bad_input("an operand is {}, bool was expected", to_string(type->dtype));
  return {};
}

Expected<std::vector<TensorType>> infer_logical(const InferContext& context) {
  PARE_TRY(check_bool(context));
  return context.operands.size() == 1 ? infer_as_src(context) : infer_broadcast_bool(context);
}

OpDef logical(OpDef def) {
  def.operands = {{"x", "bool, any shape"}};
  if (def.traits.commutative) def.operands.push_back({"y", "bool, broadcast against x"});
  def.results = {{"dst", "bool, the broadcast shape"}};
  def.infer = infer_logical;
  def.cost = cost_per_element;
  def.quantization = not_quantized(kPlainNumbers);
  def.channels = channels_elementwise;
  def.traits.elementwise = true;
  return def;
}

}  // namespace

const OpDef& op_equal() {
  static const OpDef def = comparison({.name = "equal",
                                       .summary = "Equality.",
                                       .details = "dst = x == y",
                                       .traits = {.commutative = true},
                                       .onnx = "Equal"});
  return def;
}

const OpDef& op_not_equal() {
  static const OpDef def = comparison(
      {.name = "not_equal", .summary = "Inequality.", .details = "dst = x != y", .traits = {.commutative = true}});
  return def;
}

const OpDef& op_greater() {
  static const OpDef def =
      comparison({.name = "greater", .summary = "Greater than.", .details = "dst = x > y", .onnx = "Greater"});
  return def;
}

const OpDef& op_greater_equal() {
  static const OpDef def = comparison({.name = "greater_equal",
                                       .summary = "Greater than or equal.",
                                       .details = "dst = x >= y",
                                       .onnx = "GreaterOrEqual"});
  return def;
}

const OpDef& op_less() {
  static const OpDef def =
      comparison({.name = "less", .summary = "Less than.", .details = "dst = x < y", .onnx = "Less"});
  return def;
}

const OpDef& op_less_equal() {
  static const OpDef def = comparison(
      {.name = "less_equal", .summary = "Less than or equal.", .details = "dst = x <= y", .onnx = "LessOrEqual"});
  return def;
}

const OpDef& op_logical_and() {
  static const OpDef def = logical({.name = "logical_and",
                                    .summary = "Both true.",
                                    .details = "dst = x and y",
                                    .traits = {.commutative = true},
                                    .onnx = "And"});
  return def;
}

const OpDef& op_logical_or() {
  static const OpDef def = logical({.name = "logical_or",
                                    .summary = "Either true.",
                                    .details = "dst = x or y",
                                    .traits = {.commutative = true},
                                    .onnx = "Or"});
  return def;
}

const OpDef& op_logical_not() {
  static const OpDef def =
      logical({.name = "logical_not", .summary = "Negation.", .details = "dst = not x", .onnx = "Not"});
  return def;
}

}  // namespace pare
