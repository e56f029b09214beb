// Operators that reorder or repeat the elements of a whole tensor: transpose, tile, broadcast_to.
#include <algorithm>

#include "base/plausible_shape.h"
#include "ir/graph.h"
#include "ops/checks.h"
#include "ops/rules.h"

namespace pare {
namespace {

Expected<std::vector<TensorType>> infer_transpose(const InferContext& context) {
  const Shape& src = context.shape(0);
  PARE_ASSIGN(const std::vector<int64_t> permutation, constant_operand(context, 1, "permutation"));
  Shape dst;
  std::vector<bool> seen(static_cast<size_t>(src.rank()), false);
  for (const int64_t each : permutation) {
    PARE_ASSIGN(const int axis, check_axis(each, src.rank()));
    seen[static_cast<size_t>(axis)] = true;
    dst.push_back(src[axis]);
  }
  if (dst.rank() != src.rank() || std::find(seen.begin(), seen.end(), false) != seen.end())
    return bad_input("'permutation' has {} elements and does not name each of {} dimensions once", permutation.size(),
                     src.rank());
  return std::vector<TensorType>{{context.type(0).dtype, dst, {}}};
}

Expected<std::vector<TensorType>> infer_tile(const InferContext& context) {
  Shape dst = context.shape(0);
  PARE_TRY(check_index_type(context, 1, "multiples"));
  if (!context.shape(1).compatible_with(Shape{dst.rank()}))
    return bad_input("'multiples' has the shape {}, one for each of {} dimensions was expected",
                     context.shape(1).to_string(), dst.rank());
  std::vector<int64_t> multiples(static_cast<size_t>(dst.rank()), kDynamic);
  if (context.constant(1) != nullptr) multiples = index_values(*context.constant(1));
  for (int i = 0; i < dst.rank(); ++i) {
    const int64_t times = multiples[static_cast<size_t>(i)];
    if (times < kDynamic || (context.constant(1) != nullptr && times < 0))
      return bad_input("dimension {} is to be repeated {} times", i, times);
    dst[i] = dst[i] == kDynamic || times == kDynamic ? kDynamic : plausible_product(dst[i], times);
  }
  return std::vector<TensorType>{{context.type(0).dtype, dst, {}}};
}

Expected<std::vector<TensorType>> infer_broadcast_to(const InferContext& context) {
  const Shape& src = context.shape(0);
  PARE_ASSIGN(const Shape dst, shape_operand(context, 1, "shape"));
  if (context.constant(1) == nullptr) return std::vector<TensorType>{{context.type(0).dtype, dst, {}}};
  const std::optional<Shape> both = broadcast(src, dst);
  if (!dst.is_static() || !both || *both != dst)
    return bad_input("{} cannot be broadcast to {}", src.to_string(), dst.to_string());
  return std::vector<TensorType>{{context.type(0).dtype, dst, {}}};
}

std::vector<ChannelTie> channels_of_transpose(const Node& node) {
  const Shape& dst = node.result()->type.shape;
  if (!node.operand(1)->is_constant()) return {};
  const std::vector<int64_t> permutation = index_values(*node.operand(1)->data);
  std::vector<ChannelTie> ties;
  for (int i = 0; i < dst.rank(); ++i) {
    const auto from = static_cast<int>(permutation[static_cast<size_t>(i)]);
    ties.push_back({dst[i], {{node.operand(0), from < 0 ? from + dst.rank() : from}, {node.result(), i}}});
  }
  return ties;
}

}  // namespace

const OpDef& op_transpose() {
  static const OpDef def{
      .name = "transpose",
      .summary = "Reorders dimensions.",
      .details = "Dimension i of dst is dimension permutation[i] of src.",
      .operands = {{"src", "any shape"}, {"permutation", "int32, constant"}},
      .results = {{"dst", "src with its dimensions reordered"}},
      .infer = infer_transpose,
      .cost = cost_nothing,
      .quantization = same_scales({0}),
      .channels = channels_of_transpose,
      .traits = {.moves_data = true},
  };
  return def;
}

const OpDef& op_tile() {
  static const OpDef def{
      .name = "tile",
      .summary = "Repeats a tensor.",
      .details = "dst holds multiples[d] copies of src one after the other in dimension d.",
      .operands = {{"src", "any shape"}, {"multiples", "int32 or int64, one for each dimension"}},
      .results = {{"dst", "the extents multiplied"}},
      .infer = infer_tile,
      .cost = cost_nothing,
      .quantization = same_scales({0}),
      .traits = {.moves_data = true},
      .onnx = "Tile",
  };
  return def;
}

const OpDef& op_broadcast_to() {
  static const OpDef def{
      .name = "broadcast_to",
      .summary = "Repeats extents of 1.",
      .details =
          "dst[i...] = src at the same place, where dimensions of extent 1 are repeated and missing ones are put in front.",
      .operands = {{"src", "any shape"}, {"shape", "int32 or int64"}},
      .results = {{"dst", "the given shape"}},
      .infer = infer_broadcast_to,
      .cost = cost_nothing,
      .quantization = same_scales({0}),
      .traits = {.moves_data = true},
  };
  return def;
}

}  // namespace pare
