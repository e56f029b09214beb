#include "ops/tied_channels.h"

#include <algorithm>

#include "ops/checks.h"

namespace pare {

std::vector<ChannelTie> channels_elementwise(const Node& node) {
  std::vector<ChannelTie> ties;
  const Shape& dst = node.result()->type.shape;
  for (int from_end = 1; from_end <= dst.rank(); ++from_end) {
    const int64_t extent = dst[-from_end];
    if (extent == kDynamic || extent == 1) continue;
    ChannelTie tie{extent, {{node.result(), dst.rank() - from_end}}};
    for (Value* operand : node.operands)
      if (operand != nullptr && operand->type.shape.rank() >= from_end && operand->type.shape[-from_end] == extent)
        tie.slices.push_back({operand, operand->type.shape.rank() - from_end});
    ties.push_back(std::move(tie));
  }
  return ties;
}

std::vector<ChannelTie> channels_last(const Node& node) {
  const Shape& src = node.operand(0)->type.shape;
  const Shape& dst = node.result()->type.shape;
  if (src.rank() == 0 || dst.rank() == 0 || src[-1] != dst[-1]) return {};
  return {{src[-1], {{node.operand(0), src.rank() - 1}, {node.result(), dst.rank() - 1}}}};
}

bool is_vector(const Node& node, size_t operand) {
  const Value* value = node.operand(operand);
  if (value == nullptr) return true;
  const Shape& shape = value->type.shape;
  return shape.rank() > 0 && shape.is_static() && shape[-1] == shape.elements();
}

ChannelSlice vector_slice(const Node& node, size_t operand, ChannelRole role, int64_t outer, int64_t inner) {
  Value* value = node.operand(operand);
  return {value, value == nullptr ? 0 : value->type.shape.rank() - 1, role, outer, inner};
}

std::vector<ChannelTie> channels_unchanged(const Node& node) {
  const Shape& src = node.operand(0)->type.shape;
  const Shape& dst = node.result()->type.shape;
  std::vector<ChannelTie> ties;
  for (int axis = 0; axis < src.rank() && src.rank() == dst.rank(); ++axis)
    if (src[axis] == dst[axis] && src[axis] > 0)
      ties.push_back({src[axis], {{node.operand(0), axis}, {node.result(), axis}}});
  return ties;
}

namespace {

// Neighbouring dimensions of a shape; those of extent 1 do not count.
struct Block {
  std::vector<int> axes;  // from the innermost on
  int64_t elements = 1;
};

// The innermost dimension of a block of several is the one of a block that is a single dimension.
ChannelTie tie_blocks(Value* one, const Block& single, Value* other, const Block& several, const Shape& shape) {
  const int64_t channels = shape[several.axes.front()];
  return {
      channels,
      {{one, single.axes.front(), ChannelRole::Follows, single.elements / channels}, {other, several.axes.front()}}};
}

}  // namespace

std::vector<ChannelTie> channels_view(const Node& node) {
  Value *src = node.operand(0), *dst = node.result();
  const Shape &from = src->type.shape, &to = dst->type.shape;
  std::vector<ChannelTie> ties;
  Block a, b;
  int i = from.rank() - 1, j = to.rank() - 1;
  const auto take = [](Block& block, const Shape& shape, int& axis) {
    if (shape[axis] != 1) block.axes.push_back(axis);
    block.elements *= shape[axis--];
  };
  // From the end, as long as extents are known: a batch stands in front.
  while (i >= 0 && j >= 0 && from[i] != kDynamic && to[j] != kDynamic && from[i] != 0 && to[j] != 0) {
    take(a, from, i);
    take(b, to, j);
    while (a.elements != b.elements) {
      const bool first = a.elements < b.elements;
      int& axis = first ? i : j;
      const Shape& shape = first ? from : to;
      if (axis < 0 || shape[axis] == kDynamic || shape[axis] == 0) return ties;
      take(first ? a : b, shape, axis);
    }
    if (b.axes.size() == 1 && !a.axes.empty())
      ties.push_back(tie_blocks(dst, b, src, a, from));
    else if (a.axes.size() == 1 && !b.axes.empty())
      ties.push_back(tie_blocks(src, a, dst, b, to));
    a = b = {};
  }
  return ties;
}

void set_extents(Graph& graph, Node& node, size_t operand, const std::vector<int64_t>& extents) {
  Value* old = node.operand(operand);
  if (old == nullptr || !old->is_constant()) return;
  const std::vector<int64_t> before = index_values(*old->data);
  std::vector<int64_t> after = extents;
  for (size_t i = 0; i < after.size() && i < before.size(); ++i)
    if (before[i] == -1 || after[i] == kDynamic) after[i] = before[i];
  if (after == before) return;
  Tensor data(old->type.dtype, old->type.shape);
  if (old->type.dtype == DType::Int64)
    std::ranges::copy(after, data.mutable_values<int64_t>().begin());
  else
    std::ranges::transform(after, data.mutable_values<int32_t>().begin(),
                           [](int64_t extent) { return static_cast<int32_t>(extent); });
  if (graph.use_count(old) == 1)
    old->data = std::move(data);
  else
    node.operands[operand] = graph.add_constant(old->name, std::move(data));
}

void set_result_shape(Graph& graph, Node& node, size_t operand) {
  set_extents(graph, node, operand, node.result()->type.shape.dims());
}

}  // namespace pare
