#include "ops/fully_connected.h"

#include "base/plausible_shape.h"
#include "ir/graph.h"
#include "ops/checks.h"
#include "ops/rules.h"
#include "ops/tied_channels.h"

namespace pare {
namespace {

// Rows of the matrix that src is read as, when each has `depth` elements; kDynamic where that hangs on the batch.
Expected<int64_t> rows(const Shape& src, int64_t depth) {
  int64_t known = 1, dynamic = 0;
  for (const int64_t extent : src) {
    if (extent == kDynamic)
      ++dynamic;
    else
      known *= extent;
  }
  if (dynamic == 0 && known % depth == 0) return known / depth;
  if (dynamic > 0 && (known % depth == 0 || depth % std::max<int64_t>(known, 1) == 0)) return kDynamic;
  return bad_input("src {} cannot be read as rows of {} elements, the inner extent of the weights", src.to_string(),
                   depth);
}

Expected<std::vector<TensorType>> infer(const InferContext& context) {
  const auto& attributes = context.attributes.as<FullyConnectedAttributes>();
  PARE_TRY(check_rank(context, 1, "weights", 2));
  const Shape& src = context.shape(0);
  const Shape& weights = context.shape(1);
  if (weights[1] < 1)
    return bad_input("weights have the shape {}, O,I with at least one input was expected", weights.to_string());
  PARE_TRY(check_bias(context, 2, weights[0]));
  const DType dtype = context.type(0).dtype;
  if (!attributes.keep_num_dims) {
    PARE_ASSIGN(const int64_t batch, rows(src, weights[1]));
    return std::vector<TensorType>{{dtype, Shape{batch, weights[0]}, {}}};
  }
  if (src.empty() || (src[-1] != kDynamic && src[-1] != weights[1]))
    return bad_input("the last extent of src {} must be {}, the inner extent of the weights, to keep the dimensions",
                     src.to_string(), weights[1]);
  Shape dst = src;
  dst[-1] = weights[0];
  return std::vector<TensorType>{{dtype, dst, {}}};
}

Cost cost(const Node& node) {
  const int64_t outputs = node.result()->type.shape.elements();
  return {plausible_product(outputs, node.operands[1]->type.shape[1]), outputs};
}

// A row may be several pixels of src: then each of their channels is read once a pixel.
std::vector<ChannelTie> channels(const Node& node) {
  const Shape &src = node.operand(0)->type.shape, &weights = node.operand(1)->type.shape;
  const int dst_axis = node.result()->type.shape.rank() - 1;
  std::vector<ChannelTie> ties;
  if (is_vector(node, 2))
    ties.push_back(
        {weights[0], {{node.operand(1), 0, ChannelRole::Makes}, vector_slice(node, 2), {node.result(), dst_axis}}});
  if (!src.empty() && src[-1] > 0 && weights[1] % src[-1] == 0)
    ties.push_back(
        {src[-1], {{node.operand(0), src.rank() - 1}, {node.operand(1), 1, ChannelRole::Reads, weights[1] / src[-1]}}});
  return ties;
}

std::optional<WindowedProduct> product(const Node& node, const Shape& src) {
  const int64_t depth = node.operands[1]->type.shape[1];
  if (src.elements() % depth != 0) return {};
  return WindowedProduct{.samples = src.elements() / depth, .channels = depth};
}

}  // namespace

const OpDef& op_fully_connected() {
  static const OpDef def{
      .name = "fully_connected",
      .summary = "Product with a weight matrix, with bias and fused activation.",
      .details =
          "dst[n,o] = activation(bias[o] + sum over i of src[n,i] * weights[o,i]). src of any rank is read as rows of I elements. "
          "Int8 or int4 weights with a float src are computed with integers: each row of src is quantised at run time.",
      .operands = {{"src", "any shape whose elements make rows of I"},
                   {"weights", "O,I", OperandSpec::Kind::Required, true},
                   {"bias", "O", OperandSpec::Kind::Optional, true}},
      .results = {{"dst", "N,O, or with keep_num_dims src's shape with O as the last extent"}},
      .attributes = FullyConnectedAttributes{},
      .infer = infer,
      .cost = cost,
      .quantization = product_scales(0),
      .channels = channels,
      .product = product,
      .traits = {.fuses_activation = true},
  };
  return def;
}

}  // namespace pare
