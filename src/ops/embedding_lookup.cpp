#include "ir/graph.h"
#include "ops/checks.h"

namespace pare {
namespace {

Expected<std::vector<TensorType>> infer(const InferContext& context) {
  const Shape& table = context.shape(1);
  if (table.rank() < 2)
    return bad_input("'weights' have the shape {}, at least two dimensions were expected", table.to_string());
  if (context.type(0).dtype != DType::Int32 && context.type(0).dtype != DType::Int64)
    return bad_input("'indices' are {}, i32 was expected", to_string(context.type(0).dtype));
  Shape dst = context.shape(0);
  for (int i = 1; i < table.rank(); ++i) dst.push_back(table[i]);
  return std::vector<TensorType>{{context.type(1).is_quantized() ? DType::Float32 : context.type(1).dtype, dst, {}}};
}

Cost cost(const Node& node) { return {0, node.result()->type.shape.elements()}; }

std::vector<ChannelTie> channels(const Node& node) {
  const Shape& weights = node.operand(1)->type.shape;
  if (weights.rank() != 2) return {};
  return {
      {weights[1], {{node.operand(1), 1, ChannelRole::Makes}, {node.result(), node.result()->type.shape.rank() - 1}}}};
}

}  // namespace

const OpDef& op_embedding_lookup() {
  static const OpDef def{
      .name = "embedding_lookup",
      .summary = "Rows of a table, by index.",
      .details =
          "dst[i...,:] = weights[indices[i...],:]. Quantised weights are turned into real numbers on the way. An index outside the table reads zeros.",
      .operands = {{"indices", "int32, any shape"}, {"weights", "rows,...", OperandSpec::Kind::Required, true}},
      .results = {{"dst", "the shape of indices, then that of a row"}},
      .attributes = NoAttributes{},
      .infer = infer,
      .cost = cost,
      .quantization = {.weights = 1,
                       .weights_axis = 0,
                       .weight_only = true,
                       .reason = "looks up, computes nothing; the table alone may be stored as integers"},
      .channels = channels,
  };
  return def;
}

}  // namespace pare
