#include "ops/reductions.h"

#include "ir/graph.h"
#include "ops/checks.h"
#include "ops/rules.h"

namespace pare {
namespace {

Expected<std::vector<TensorType>> infer_reduction(const InferContext& context) {
  PARE_ASSIGN(const std::vector<int64_t> axes, constant_operand(context, 1, "axes"));
  const Shape& src = context.shape(0);
  std::vector<bool> reduced(static_cast<size_t>(src.rank()), false);
  for (const int64_t each : axes) {
    PARE_ASSIGN(const int axis, check_axis(each, src.rank()));
    reduced[static_cast<size_t>(axis)] = true;
  }
  Shape dst;
  for (int i = 0; i < src.rank(); ++i) {
    if (!reduced[static_cast<size_t>(i)])
      dst.push_back(src[i]);
    else if (context.attributes.as<ReduceAttributes>().keep_dims)
      dst.push_back(1);
  }
  return std::vector<TensorType>{{context.type(0).dtype, dst, {}}};
}

Expected<std::vector<TensorType>> infer_logical_reduction(const InferContext& context) {
  if (context.type(0).dtype != DType::Bool)
    return bad_input("'src' is {}, bool was expected", to_string(context.type(0).dtype));
  return infer_reduction(context);
}

// Every element of src takes part once.
Cost cost_of_src(const Node& node) { return {0, node.operands[0]->type.shape.elements()}; }

// Dimensions that are not reduced.
std::vector<ChannelTie> channels_beside_axes(const Node& node) {
  const Shape& src = node.operand(0)->type.shape;
  if (!node.operand(1)->is_constant()) return {};
  std::vector<bool> reduced(static_cast<size_t>(src.rank()));
  for (const int64_t axis : index_values(*node.operand(1)->data))
    reduced[static_cast<size_t>(axis < 0 ? axis + src.rank() : axis)] = true;
  std::vector<ChannelTie> ties;
  int place = 0;
  for (int i = 0; i < src.rank(); ++i) {
    const bool gone = reduced[static_cast<size_t>(i)];
    if (!gone) ties.push_back({src[i], {{node.operand(0), i}, {node.result(), place}}});
    if (!gone || node.attrs<ReduceAttributes>().keep_dims) ++place;
  }
  return ties;
}

OpDef reduction(OpDef def) {
  def.operands = {{"src", "any shape"}, {"axes", "int32, constant; may be negative"}};
  def.results = {{"dst", "src without the axes, or with extents of 1 there (keep_dims)"}};
  def.attributes = ReduceAttributes{};
  if (def.infer == nullptr) def.infer = infer_reduction;
  def.cost = cost_of_src;
  def.channels = channels_beside_axes;
  return def;
}

Expected<std::vector<TensorType>> infer_arg(const InferContext& context) {
  PARE_ASSIGN(const std::vector<int64_t> axes, constant_operand(context, 1, "axis"));
  if (axes.size() != 1) return bad_input("'axis' has {} elements, one was expected", axes.size());
  PARE_ASSIGN(const int axis, check_axis(axes[0], context.shape(0).rank()));
  const DType output_type = context.attributes.as<ArgMinMaxAttributes>().output_type;
  if (output_type != DType::Int32 && output_type != DType::Int64)
    return bad_input("output_type is {}, i32 or i64 was expected", to_string(output_type));
  std::vector<int64_t> dims = context.shape(0).dims();
  dims.erase(dims.begin() + axis);
  return std::vector<TensorType>{{output_type, Shape(std::move(dims)), {}}};
}

OpDef arg(OpDef def) {
  def.operands = {{"src", "any shape but a scalar"}, {"axis", "int32 or int64, constant, one element"}};
  def.results = {{"dst", "of type output_type, src without the axis"}};
  def.attributes = ArgMinMaxAttributes{};
  def.infer = infer_arg;
  def.cost = cost_of_src;
  def.quantization = plain_output({0});
  return def;
}

Expected<std::vector<TensorType>> infer_cumsum(const InferContext& context) {
  PARE_ASSIGN(const std::vector<int64_t> axes, constant_operand(context, 1, "axis"));
  if (axes.size() != 1) return bad_input("'axis' has {} elements, one was expected", axes.size());
  PARE_TRY(check_axis(axes[0], context.shape(0).rank()));
  return infer_as_src(context);
}

}  // namespace

const OpDef& op_mean() {
  static const OpDef def = reduction({.name = "mean",
                                      .summary = "Mean over dimensions.",
                                      .details = "dst = sum of the elements of src along the axes / their number",
                                      .quantization = free_scales({0}),
                                      .traits = {.positively_homogeneous = true}});
  return def;
}

const OpDef& op_sum() {
  static const OpDef def = reduction({
      .name = "sum",
      .summary = "Sum over dimensions.",
      .details = "dst = sum of the elements of src along the axes",
      .quantization = {.scales = QuantRule::Scales::Free, .activations = {0}, .int8_free_int16_same = true},
      .traits = {.positively_homogeneous = true},
  });
  return def;
}

const OpDef& op_reduce_max() {
  static const OpDef def = reduction({.name = "reduce_max",
                                      .summary = "Largest element over dimensions.",
                                      .details = "dst = maximum of src along the axes",
                                      .quantization = same_scales({0}),
                                      .traits = {.positively_homogeneous = true}});
  return def;
}

const OpDef& op_reduce_min() {
  static const OpDef def = reduction({.name = "reduce_min",
                                      .summary = "Smallest element over dimensions.",
                                      .details = "dst = minimum of src along the axes",
                                      .quantization = same_scales({0}),
                                      .traits = {.positively_homogeneous = true}});
  return def;
}

const OpDef& op_reduce_prod() {
  static const OpDef def = reduction({.name = "reduce_prod",
                                      .summary = "Product over dimensions.",
                                      .details = "dst = product of the elements of src along the axes",
                                      .quantization = free_scales({0})});
  return def;
}

const OpDef& op_reduce_any() {
  static const OpDef def = reduction({.name = "reduce_any",
                                      .summary = "Whether any element is true.",
                                      .details = "dst = or of the elements of src along the axes",
                                      .infer = infer_logical_reduction,
                                      .quantization = not_quantized(kPlainNumbers)});
  return def;
}

const OpDef& op_reduce_all() {
  static const OpDef def = reduction({.name = "reduce_all",
                                      .summary = "Whether all elements are true.",
                                      .details = "dst = and of the elements of src along the axes",
                                      .infer = infer_logical_reduction,
                                      .quantization = not_quantized(kPlainNumbers)});
  return def;
}

const OpDef& op_arg_max() {
  static const OpDef def = arg({.name = "arg_max",
                                .summary = "Position of the largest element.",
                                .details = "dst = the first index of the maximum along the axis"});
  return def;
}

const OpDef& op_arg_min() {
  static const OpDef def = arg({.name = "arg_min",
                                .summary = "Position of the smallest element.",
                                .details = "dst = the first index of the minimum along the axis"});
  return def;
}

const OpDef& op_cumsum() {
  static const OpDef def{
      .name = "cumsum",
      .summary = "Running sums along a dimension.",
      .details = "dst[i] = sum of src[j] over j <= i (j < i where exclusive); reverse runs from the end.",
      .operands = {{"src", "any shape but a scalar"}, {"axis", "int32, constant, one element"}},
      .results = {{"dst", "as src"}},
      .attributes = CumsumAttributes{},
      .infer = infer_cumsum,
      .cost = cost_per_element,
      .quantization = not_quantized(kNoIntegerKernel),
      .traits = {.positively_homogeneous = true},
  };
  return def;
}

}  // namespace pare
