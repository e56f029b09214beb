#include "ops/batch_matmul.h"

#include "base/plausible_shape.h"
#include "ir/graph.h"
#include "ops/checks.h"

namespace pare {
namespace {

Shape outer(const Shape& shape) { return Shape(std::vector<int64_t>(shape.begin(), shape.end() - 2)); }

Expected<std::vector<TensorType>> infer(const InferContext& context) {
  const auto& attributes = context.attributes.as<BatchMatmulAttributes>();
  const Shape& x = context.shape(0);
  const Shape& y = context.shape(1);
  if (x.rank() < 2 || y.rank() < 2)
    return bad_input("x {} and y {} must have at least two dimensions", x.to_string(), y.to_string());
  const int64_t inner_x = attributes.adj_x ? x[-2] : x[-1], inner_y = attributes.adj_y ? y[-1] : y[-2];
  if (inner_x != kDynamic && inner_y != kDynamic && inner_x != inner_y)
    return bad_input("x {} and y {} have inner extents {} and {}, equal ones were expected", x.to_string(),
                     y.to_string(), inner_x, inner_y);
  std::optional<Shape> dst = broadcast(outer(x), outer(y));
  if (!dst) return bad_input("the batch dimensions of x {} and y {} cannot be broadcast", x.to_string(), y.to_string());
  dst->push_back(attributes.adj_x ? x[-1] : x[-2]);
  dst->push_back(attributes.adj_y ? y[-2] : y[-1]);
  return std::vector<TensorType>{{context.type(0).dtype, *dst, {}}};
}

Cost cost(const Node& node) {
  const Shape& x = node.operands[0]->type.shape;
  const int64_t inner = node.attrs<BatchMatmulAttributes>().adj_x ? x[-2] : x[-1];
  const int64_t outputs = node.result()->type.shape.elements();
  return {plausible_product(outputs, inner), 0};
}

std::vector<ChannelTie> channels(const Node& node) {
  const auto& attributes = node.attrs<BatchMatmulAttributes>();
  Value *x = node.operand(0), *y = node.operand(1), *dst = node.result();
  const int last_x = x->type.shape.rank() - 1, last_y = y->type.shape.rank() - 1, last = dst->type.shape.rank() - 1;
  const int x_inner = attributes.adj_x ? last_x - 1 : last_x, x_outer = attributes.adj_x ? last_x : last_x - 1;
  const int y_inner = attributes.adj_y ? last_y : last_y - 1, y_outer = attributes.adj_y ? last_y - 1 : last_y;
  return {{x->type.shape[x_inner], {{x, x_inner, ChannelRole::Reads}, {y, y_inner, ChannelRole::Reads}}},
          {x->type.shape[x_outer], {{x, x_outer, ChannelRole::Makes}, {dst, last - 1}}},
          {y->type.shape[y_outer], {{y, y_outer, ChannelRole::Makes}, {dst, last}}}};
}

}  // namespace

const OpDef& op_batch_matmul() {
  static const OpDef def{
      .name = "batch_matmul",
      .summary = "Matrix products over broadcast batch dimensions.",
      .details =
          "dst[...,m,n] = sum over k of x[...,m,k] * y[...,k,n]; adj_x and adj_y swap the last two dimensions of an operand first. "
          "A constant operand is quantised like an activation, with one scale.",
      .operands = {{"x", "...,M,K (K,M with adj_x)"}, {"y", "...,K,N (N,K with adj_y)"}},
      .results = {{"dst", "...,M,N"}},
      .attributes = BatchMatmulAttributes{},
      .infer = infer,
      .cost = cost,
      .quantization = {.scales = QuantRule::Scales::Free, .activations = {0, 1}},
      .channels = channels,
  };
  return def;
}

}  // namespace pare
