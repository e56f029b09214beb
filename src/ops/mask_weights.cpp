// Weights that pruning has taken out, in networks that are still trained.
#include "ir/graph.h"
#include "ops/checks.h"
#include "ops/rules.h"
#include "ops/tied_channels.h"

namespace pare {
namespace {

Expected<std::vector<TensorType>> infer(const InferContext& context) {
  if (context.shape(1) != context.shape(0))
    return bad_input("'mask' has the shape {}, {} was expected", context.shape(1).to_string(),
                     context.shape(0).to_string());
  return infer_as_src(context);
}

}  // namespace

const OpDef& op_mask_weights() {
  static const OpDef def{
      .name = "mask_weights",
      .summary = "Zero where the mask is 0, else what it gets.",
      .details = "dst = mask == 0 ? 0 : src. The gradient of src is zero there, too.",
      .operands = {{"src", "any shape", OperandSpec::Kind::Required, true}, {"mask", "as src; 0 or 1"}},
      .results = {{"dst", "as src"}},
      .attributes = NoAttributes{},
      .infer = infer,
      .cost = cost_per_element,
      .quantization = not_quantized("it stands for pruning in float networks"),
      .channels = channels_elementwise,
      .traits = {.elementwise = true, .weight_transform = WeightTransform::Mask},
      .in_tflite = false,
  };
  return def;
}

}  // namespace pare
