// The loss of classifiers, with its gradient: both follow from one pass over the exponentials.
#include "ir/graph.h"
#include "ops/checks.h"
#include "ops/rules.h"

namespace pare {
namespace {

Expected<std::vector<TensorType>> infer(const InferContext& context) {
  PARE_TRY(check_rank(context, 0, "logits", 2));
  if (!context.shape(1).compatible_with(context.shape(0)))
    return bad_input("'targets' are {} and 'logits' {}, one shape was expected", context.shape(1).to_string(),
                     context.shape(0).to_string());
  const DType dtype = context.type(0).dtype;
  return std::vector<TensorType>{{dtype, Shape{context.shape(0)[0]}, {}}, {dtype, context.shape(0), {}}};
}

Cost cost(const Node& node) { return {0, 5 * node.operands[0]->type.shape.elements()}; }

}  // namespace

const OpDef& op_softmax_cross_entropy() {
  static const OpDef def{
      .name = "softmax_cross_entropy",
      .summary = "Cross-entropy between targets and the softmax of logits.",
      .details =
          "loss[n] = -sum over c of targets[n,c] * log softmax(logits[n])[c]; dlogits[n,c] = softmax(logits[n])[c] * sum of targets[n] - "
          "targets[n,c], its gradient.",
      .operands = {{"logits", "N,C"}, {"targets", "as logits: probabilities, one-hot for classes"}},
      .results = {{"loss", "N"}, {"dlogits", "as logits"}},
      .infer = infer,
      .cost = cost,
      .quantization = not_quantized(kOnlyTraining),
      .in_tflite = false,
  };
  return def;
}

}  // namespace pare
