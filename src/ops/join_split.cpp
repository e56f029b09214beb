#include "ops/join_split.h"

#include <algorithm>

#include "ir/graph.h"
#include "ops/checks.h"
#include "ops/rules.h"
#include "ops/tied_channels.h"

namespace pare {
namespace {

Expected<void> check_one_type(const InferContext& context) {
  for (const TensorType* type : context.operands)
    if (type->dtype != context.type(0).dtype)
      return bad_input("operands are {} and {}, one type was expected", to_string(context.type(0).dtype),
                       to_string(type->dtype));
  return {};
}

Expected<std::vector<TensorType>> infer_concatenation(const InferContext& context) {
  if (context.operands.empty()) return bad_input("there is nothing to join");
  PARE_TRY(check_one_type(context));
  Shape dst = context.shape(0);
  PARE_ASSIGN(const int axis, check_axis(context.attributes.as<ConcatenationAttributes>().axis, dst.rank()));
  for (size_t i = 1; i < context.operands.size(); ++i) {
    Shape part = context.shape(i);
    const bool ranks_agree = part.rank() == dst.rank();
    const int64_t extent = ranks_agree ? part[axis] : 0;
    if (ranks_agree) part[axis] = dst[axis];
    if (!part.compatible_with(dst))
      return bad_input("{} cannot be joined to {} along axis {}", context.shape(i).to_string(),
                       context.shape(0).to_string(), axis);
    for (int d = 0; d < dst.rank(); ++d)
      if (dst[d] == kDynamic && d != axis) dst[d] = part[d];
    dst[axis] = dst[axis] == kDynamic || extent == kDynamic ? kDynamic : dst[axis] + extent;
  }
  return std::vector<TensorType>{{context.type(0).dtype, dst, {}}};
}

Expected<std::vector<TensorType>> infer_pack(const InferContext& context) {
  const auto& attributes = context.attributes.as<PackAttributes>();
  if (attributes.values_count != static_cast<int64_t>(context.operands.size()))
    return bad_input("values_count is {} with {} operands", attributes.values_count, context.operands.size());
  if (context.operands.empty()) return bad_input("there is nothing to join");
  PARE_TRY(check_one_type(context));
  std::vector<int64_t> dims = context.shape(0).dims();
  for (size_t i = 1; i < context.operands.size(); ++i) {
    if (!context.shape(i).compatible_with(context.shape(0)))
      return bad_input("operands have the shapes {} and {}, equal ones were expected", context.shape(0).to_string(),
                       context.shape(i).to_string());
    for (size_t d = 0; d < dims.size(); ++d)
      if (dims[d] == kDynamic) dims[d] = context.shape(i).dims()[d];
  }
  PARE_ASSIGN(const int axis, check_axis(attributes.axis, context.shape(0).rank() + 1));
  dims.insert(dims.begin() + axis, attributes.values_count);
  return std::vector<TensorType>{{context.type(0).dtype, Shape(std::move(dims)), {}}};
}

// A file of a few bytes can ask for millions of results.
Expected<std::vector<TensorType>> results_of_type(int64_t count, TensorType type) {
  constexpr int64_t kMostResults = 1 << 16;
  if (count > kMostResults) return unsupported("{} results; at most {} are", count, kMostResults);
  return std::vector<TensorType>(static_cast<size_t>(count), type);
}

Expected<std::vector<TensorType>> infer_unpack(const InferContext& context) {
  const auto& attributes = context.attributes.as<UnpackAttributes>();
  PARE_ASSIGN(const int axis, check_axis(attributes.axis, context.shape(0).rank()));
  const int64_t extent = context.shape(0)[axis];
  if (attributes.num < 0 || (extent != kDynamic && extent != attributes.num))
    return bad_input("num is {}, but axis {} of {} has the extent {}", attributes.num, axis,
                     context.shape(0).to_string(), extent);
  std::vector<int64_t> dims = context.shape(0).dims();
  dims.erase(dims.begin() + axis);
  return results_of_type(attributes.num, {context.type(0).dtype, Shape(std::move(dims)), {}});
}

// The constant that tells which dimension is split.
Expected<int> split_axis(const InferContext& context, size_t index, int rank) {
  PARE_ASSIGN(const std::vector<int64_t> axes, constant_operand(context, index, "axis"));
  if (axes.size() != 1) return bad_input("'axis' has {} elements, one was expected", axes.size());
  return check_axis(axes[0], rank);
}

Expected<std::vector<TensorType>> infer_split(const InferContext& context) {
  const int64_t count = context.attributes.as<SplitAttributes>().num_splits;
  PARE_TRY(check_positive({{"num_splits", count}}));
  Shape part = context.shape(1);
  PARE_ASSIGN(const int axis, split_axis(context, 0, part.rank()));
  if (part[axis] != kDynamic && part[axis] % count != 0)
    return bad_input("axis {} of {} cannot be split into {} equal parts", axis, part.to_string(), count);
  if (part[axis] != kDynamic) part[axis] /= count;
  return results_of_type(count, {context.type(1).dtype, part, {}});
}

Expected<std::vector<TensorType>> infer_split_v(const InferContext& context) {
  const Shape& src = context.shape(0);
  PARE_ASSIGN(std::vector<int64_t> sizes, constant_operand(context, 1, "size_splits"));
  PARE_ASSIGN(const int axis, split_axis(context, 2, src.rank()));
  if (static_cast<int64_t>(sizes.size()) != context.attributes.as<SplitAttributes>().num_splits)
    return bad_input("num_splits is {} with {} sizes", context.attributes.as<SplitAttributes>().num_splits,
                     sizes.size());
  const auto rest = std::find(sizes.begin(), sizes.end(), -1);
  int64_t known = 0;
  for (const int64_t size : sizes) known += size == -1 ? 0 : size;
  if (rest != sizes.end() && src[axis] != kDynamic) *rest = src[axis] - known;
  const bool wrong = std::any_of(sizes.begin(), sizes.end(), [](int64_t size) { return size < -1; }) ||
                     std::count(sizes.begin(), sizes.end(), -1) > (src[axis] == kDynamic ? 1 : 0) ||
                     (rest == sizes.end() && src[axis] != kDynamic && known != src[axis]);
  if (wrong)
    return bad_input("'size_splits' do not add up to the {} of axis {} of {}", src[axis], axis, src.to_string());
  std::vector<TensorType> types;
  for (const int64_t size : sizes) {
    Shape part = src;
    part[axis] = size;
    types.push_back({context.type(0).dtype, part, {}});
  }
  return types;
}

int in_range(int64_t axis, int rank) { return static_cast<int>(axis < 0 ? axis + rank : axis); }

// Dimensions beside the axis are the same in all of them.
void tie_others(std::vector<ChannelTie>& ties, Value* one, const std::vector<Value*>& all, int axis) {
  for (int other = 0; other < one->type.shape.rank(); ++other) {
    if (other == axis) continue;
    ChannelTie tie{one->type.shape[other], {{one, other}}};
    for (Value* each : all) tie.slices.push_back({each, other});
    ties.push_back(std::move(tie));
  }
}

std::vector<ChannelTie> channels_of_concatenation(const Node& node) {
  Value* dst = node.result();
  const int axis = in_range(node.attrs<ConcatenationAttributes>().axis, dst->type.shape.rank());
  std::vector<ChannelTie> ties;
  int64_t begin = 0;
  for (Value* part : node.operands) {
    const int64_t extent = part->type.shape[axis];
    if (extent == kDynamic) return {};
    ties.push_back({extent, {{part, axis}, {dst, axis, ChannelRole::Follows, 1, 1, begin}}});
    begin += extent;
  }
  tie_others(ties, dst, node.operands, axis);
  return ties;
}

std::optional<int> constant_axis(const Value* axis, int rank) {
  if (axis == nullptr || !axis->is_constant()) return {};
  return in_range(index_values(*axis->data).at(0), rank);
}

// The parts stay equal: each loses the same of its channels.
std::vector<ChannelTie> channels_of_split(const Node& node) {
  Value* src = node.operand(1);
  const auto axis = constant_axis(node.operand(0), src->type.shape.rank());
  if (!axis || src->type.shape[*axis] == kDynamic) return {};
  const auto parts = static_cast<int64_t>(node.results.size());
  ChannelTie along{src->type.shape[*axis] / parts, {{src, *axis, ChannelRole::Follows, parts}}};
  for (Value* part : node.results) along.slices.push_back({part, *axis});
  std::vector<ChannelTie> ties{along};
  tie_others(ties, src, node.results, *axis);
  return ties;
}

std::vector<ChannelTie> channels_of_split_v(const Node& node) {
  Value* src = node.operand(0);
  const auto axis = constant_axis(node.operand(2), src->type.shape.rank());
  if (!axis || src->type.shape[*axis] == kDynamic) return {};
  std::vector<ChannelTie> ties;
  int64_t begin = 0;
  for (Value* part : node.results) {
    const int64_t extent = part->type.shape[*axis];
    ties.push_back({extent, {{part, *axis}, {src, *axis, ChannelRole::Follows, 1, 1, begin}}});
    begin += extent;
  }
  tie_others(ties, src, node.results, *axis);
  return ties;
}

void fit_sizes(Graph& graph, Node& node) {
  const auto axis = constant_axis(node.operand(2), node.operand(0)->type.shape.rank());
  if (!axis) return;
  std::vector<int64_t> sizes;
  for (const Value* part : node.results) sizes.push_back(part->type.shape[*axis]);
  set_extents(graph, node, 1, sizes);
}

// All of the parts have the same dimensions, which the whole has beside its axis.
std::vector<ChannelTie> channels_of_stack(Value* whole, const std::vector<Value*>& parts, int64_t at) {
  const int axis = in_range(at, whole->type.shape.rank());
  std::vector<ChannelTie> ties;
  for (int i = 0; i < whole->type.shape.rank(); ++i) {
    if (i == axis) continue;
    ChannelTie tie{whole->type.shape[i], {{whole, i}}};
    for (Value* part : parts) tie.slices.push_back({part, i > axis ? i - 1 : i});
    ties.push_back(std::move(tie));
  }
  return ties;
}

std::vector<ChannelTie> channels_of_pack(const Node& node) {
  return channels_of_stack(node.result(), node.operands, node.attrs<PackAttributes>().axis);
}
std::vector<ChannelTie> channels_of_unpack(const Node& node) {
  return channels_of_stack(node.operand(0), node.results, node.attrs<UnpackAttributes>().axis);
}

}  // namespace

const OpDef& op_concatenation() {
  static const OpDef def{
      .name = "concatenation",
      .summary = "Joins tensors along a dimension.",
      .details =
          "dst holds the operands one after the other along `axis`; other extents agree. A fused activation follows.",
      .operands = {{"src", "one type; equal shapes but for the axis", OperandSpec::Kind::Variadic}},
      .results = {{"dst", "the extents along the axis added"}},
      .attributes = ConcatenationAttributes{},
      .infer = infer_concatenation,
      .cost = cost_nothing,
      .quantization = same_scales(),
      .channels = channels_of_concatenation,
      .traits = {.moves_data = true, .fuses_activation = true},
  };
  return def;
}

const OpDef& op_pack() {
  static const OpDef def{
      .name = "pack",
      .summary = "Stacks tensors along a new dimension.",
      .details = "dst[..., i, ...] = operand i, where i stands at position `axis`.",
      .operands = {{"src", "values_count tensors of one type and shape", OperandSpec::Kind::Variadic}},
      .results = {{"dst", "one more dimension, of extent values_count"}},
      .attributes = PackAttributes{},
      .infer = infer_pack,
      .cost = cost_nothing,
      .quantization = same_scales(),
      .channels = channels_of_pack,
      .traits = {.moves_data = true},
  };
  return def;
}

const OpDef& op_unpack() {
  static const OpDef def{
      .name = "unpack",
      .summary = "Takes a tensor apart along a dimension.",
      .details = "Result i = src[..., i, ...], where i stands at position `axis`.",
      .operands = {{"src", "any shape but a scalar; `num` elements along the axis"}},
      .results = {{"dst", "num results, src without the axis", OperandSpec::Kind::Variadic}},
      .attributes = UnpackAttributes{},
      .infer = infer_unpack,
      .cost = cost_nothing,
      .quantization = same_scales(),
      .channels = channels_of_unpack,
      .traits = {.moves_data = true},
  };
  return def;
}

const OpDef& op_split() {
  static const OpDef def{
      .name = "split",
      .summary = "Splits a tensor into equal parts along a dimension.",
      .details = "Result i holds part i of num_splits parts along the axis.",
      .operands = {{"axis", "int32, constant, one element"}, {"src", "any shape but a scalar"}},
      .results = {{"dst", "num_splits results", OperandSpec::Kind::Variadic}},
      .attributes = SplitAttributes{},
      .infer = infer_split,
      .cost = cost_nothing,
      .quantization = same_scales({1}),
      .channels = channels_of_split,
      .traits = {.moves_data = true},
  };
  return def;
}

const OpDef& op_split_v() {
  static const OpDef def{
      .name = "split_v",
      .summary = "Splits a tensor into parts of given sizes along a dimension.",
      .details = "Result i has size_splits[i] elements along the axis; one size may be -1: what remains.",
      .operands = {{"src", "any shape but a scalar"},
                   {"size_splits", "int32 or int64, constant"},
                   {"axis", "int32, constant, one element"}},
      .results = {{"dst", "num_splits results", OperandSpec::Kind::Variadic}},
      .attributes = SplitAttributes{},
      .infer = infer_split_v,
      .cost = cost_nothing,
      .quantization = same_scales({0}),
      .channels = channels_of_split_v,
      .extents = fit_sizes,
      .traits = {.moves_data = true},
  };
  return def;
}

}  // namespace pare
