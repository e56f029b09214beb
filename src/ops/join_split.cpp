#include "ops/join_split.h"

#include <algorithm>

#include "ir/graph.h"
#include "ops/checks.h"
#include "ops/rules.h"

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
      .traits = {.moves_data = true},
  };
  return def;
}

}  // namespace pare
