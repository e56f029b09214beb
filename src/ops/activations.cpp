// Element-wise functions of one tensor.
#include "ir/graph.h"

namespace pare {
namespace {

Expected<std::vector<TensorType>> infer(const InferContext& context) {
  return std::vector<TensorType>{{context.type(0).dtype, context.shape(0), {}}};
}

Cost cost(const Node& node) { return {0, node.result()->type.shape.elements()}; }

}  // namespace

const OpDef& op_relu() {
  static const OpDef def{
      .name = "relu",
      .summary = "Rectified linear unit.",
      .details = "dst = max(src, 0)",
      .operands = {{"src", "any shape"}},
      .results = {{"dst", "as src"}},
      .attributes = NoAttributes{},
      .infer = infer,
      .cost = cost,
      .quantization = {.scales = QuantRule::Scales::Free},
      .traits = {.elementwise = true, .positively_homogeneous = true},
      .onnx = "Relu",
  };
  return def;
}

}  // namespace pare
