#include "ops/softmax.h"

#include "ir/graph.h"

namespace pare {
namespace {

Expected<std::vector<TensorType>> infer(const InferContext& context) {
  if (context.shape(0).empty()) return bad_input("'src' is a scalar, at least one dimension was expected");
  return std::vector<TensorType>{{context.type(0).dtype, context.shape(0), {}}};
}

// Maximum, difference, exponential, sum, quotient.
Cost cost(const Node& node) { return {0, 5 * node.result()->type.shape.elements()}; }

}  // namespace

const OpDef& op_softmax() {
  static const OpDef def{
      .name = "softmax",
      .summary = "Exponentials that sum to 1 over the last dimension.",
      .details =
          "dst[...,i] = exp(beta * src[...,i]) / sum over j of exp(beta * src[...,j]), computed relative to the maximum.",
      .operands = {{"src", "any shape but a scalar"}},
      .results = {{"dst", "as src"}},
      .attributes = SoftmaxAttributes{},
      .infer = infer,
      .cost = cost,
      .quantization = {.scales = QuantRule::Scales::FixedOutput,
                       .fixed_int8 = QuantRule::Fixed{1.f / 256, -128},
                       .fixed_int16 = QuantRule::Fixed{1.f / 32768, 0}},
  };
  return def;
}

const OpDef& op_log_softmax() {
  static const OpDef def{
      .name = "log_softmax",
      .summary = "Logarithm of softmax over the last dimension.",
      .details = "dst[...,i] = src[...,i] - log(sum over j of exp(src[...,j])), computed relative to the maximum.",
      .operands = {{"src", "any shape but a scalar"}},
      .results = {{"dst", "as src"}},
      .attributes = NoAttributes{},
      .infer = infer,
      .cost = cost,
      .quantization = {.scales = QuantRule::Scales::FixedOutput,
                       .int16 = false,
                       .fixed_int8 = QuantRule::Fixed{16.f / 256, 127}},
  };
  return def;
}

}  // namespace pare
