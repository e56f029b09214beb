#include "ops/composite.h"

#include "ir/graph.h"
#include "ops/rules.h"

namespace pare {
namespace {

// The types are those of the decomposition, which only the model knows; the node carries them on its results.
Expected<std::vector<TensorType>> infer(const InferContext& context) {
  if (context.declared.size() != context.result_count)
    return unsupported("the results of a composite cannot be told from its operands");
  std::vector<TensorType> types;
  for (const TensorType* type : context.declared) types.push_back({type->dtype, type->shape, {}});
  return types;
}

}  // namespace

const OpDef& op_composite() {
  static const OpDef def{
      .name = "composite",
      .summary = "Stands for a graph of other operators.",
      .details =
          "The graph number `decomposition` of the model computes the results from the operands, in order. It is put in place of the operator before the model runs.",
      .operands = {{"src", "the inputs of the decomposition", OperandSpec::Kind::Variadic}},
      .results = {{"dst", "the outputs of the decomposition", OperandSpec::Kind::Variadic}},
      .attributes = CompositeAttributes{},
      .infer = infer,
      .cost = cost_nothing,
      .quantization = not_quantized("it is expanded first"),
  };
  return def;
}

}  // namespace pare
