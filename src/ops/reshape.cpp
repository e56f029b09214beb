#include "ops/reshape.h"

#include <algorithm>

#include "base/plausible_shape.h"
#include "ir/graph.h"
#include "ops/checks.h"
#include "ops/rules.h"
#include "ops/tied_channels.h"

namespace pare {
namespace {

// What remains for the extent written as -1. Dynamic extents of src cancel only as a whole: with one of them the result is
// dynamic too, unless all of src is known.
Expected<Shape> resolve(const Shape& src, std::vector<int64_t> wanted) {
  const auto unknown = std::find(wanted.begin(), wanted.end(), -1);
  if (!is_plausible(Shape(wanted)) || std::count(wanted.begin(), wanted.end(), -1) > 1)
    return bad_input("the new shape {} is not a shape with at most one -1", Shape(std::move(wanted)).to_string());
  int64_t known = 1;
  for (const int64_t extent : wanted)
    if (extent != -1) known *= extent;
  if (!src.is_static()) return Shape(std::move(wanted));
  const int64_t elements = src.elements();
  if (unknown != wanted.end() && known > 0 && elements % known == 0) *unknown = elements / known;
  Shape dst(std::move(wanted));
  if (!dst.is_static() || dst.elements() != elements)
    return bad_input("{} with {} elements cannot have the shape {}", src.to_string(), elements, dst.to_string());
  return dst;
}

Expected<std::vector<TensorType>> infer_reshape(const InferContext& context) {
  const DType dtype = context.type(0).dtype;
  if (!context.has(1)) {
    PARE_ASSIGN(Shape dst, resolve(context.shape(0), context.attributes.as<ReshapeAttributes>().new_shape));
    return std::vector<TensorType>{{dtype, std::move(dst), {}}};
  }
  PARE_ASSIGN(Shape dst, shape_operand(context, 1, "shape"));
  if (context.constant(1) != nullptr) { PARE_ASSIGN(dst, resolve(context.shape(0), dst.dims())); }
  return std::vector<TensorType>{{dtype, std::move(dst), {}}};
}

Expected<std::vector<TensorType>> infer_squeeze(const InferContext& context) {
  const Shape& src = context.shape(0);
  const std::vector<int64_t>& dims = context.attributes.as<SqueezeAttributes>().squeeze_dims;
  std::vector<bool> removed(static_cast<size_t>(src.rank()), false);
  for (const int64_t each : dims) {
    PARE_ASSIGN(const int axis, check_axis(each, src.rank()));
    if (src[axis] != 1 && src[axis] != kDynamic)
      return bad_input("dimension {} of {} has the extent {}, 1 was expected", axis, src.to_string(), src[axis]);
    removed[static_cast<size_t>(axis)] = true;
  }
  Shape dst;
  for (int i = 0; i < src.rank(); ++i)
    if (!(dims.empty() ? src[i] == 1 : removed[static_cast<size_t>(i)])) dst.push_back(src[i]);
  return std::vector<TensorType>{{context.type(0).dtype, dst, {}}};
}

Expected<std::vector<TensorType>> infer_expand_dims(const InferContext& context) {
  PARE_ASSIGN(const std::vector<int64_t> axes, constant_operand(context, 1, "axis"));
  if (axes.size() != 1) return bad_input("'axis' has {} elements, one was expected", axes.size());
  PARE_ASSIGN(const int axis, check_axis(axes[0], context.shape(0).rank() + 1));
  std::vector<int64_t> dims = context.shape(0).dims();
  dims.insert(dims.begin() + axis, 1);
  return std::vector<TensorType>{{context.type(0).dtype, Shape(std::move(dims)), {}}};
}

void fit_shape(Graph& graph, Node& node) {
  set_result_shape(graph, node, 1);
  const Shape& dst = node.result()->type.shape;
  std::vector<int64_t>& shape = node.attributes.as<ReshapeAttributes>().new_shape;
  for (size_t i = 0; i < shape.size() && shape.size() == dst.dims().size(); ++i)
    if (shape[i] != -1 && dst.dims()[i] != kDynamic) shape[i] = dst.dims()[i];
}

constexpr OpTraits kView{.moves_data = true, .view = true};

}  // namespace

const OpDef& op_reshape() {
  static const OpDef def{
      .name = "reshape",
      .summary = "The same elements under another shape.",
      .details = "The elements keep their row-major order. One extent of the new shape may be -1: what remains.",
      .operands = {{"src", "any shape"},
                   {"shape", "int32, the new shape; absent: the attribute new_shape", OperandSpec::Kind::Optional}},
      .results = {{"dst", "the new shape"}},
      .attributes = ReshapeAttributes{},
      .infer = infer_reshape,
      .cost = cost_nothing,
      .quantization = same_scales({0}),
      .channels = channels_view,
      .extents = fit_shape,
      .traits = kView,
  };
  return def;
}

const OpDef& op_squeeze() {
  static const OpDef def{
      .name = "squeeze",
      .summary = "Removes dimensions of extent 1.",
      .details = "Removes squeeze_dims, or every dimension of extent 1 where there are none.",
      .operands = {{"src", "any shape"}},
      .results = {{"dst", "src without those dimensions"}},
      .attributes = SqueezeAttributes{},
      .infer = infer_squeeze,
      .cost = cost_nothing,
      .quantization = same_scales(),
      .channels = channels_view,
      .traits = kView,
  };
  return def;
}

const OpDef& op_expand_dims() {
  static const OpDef def{
      .name = "expand_dims",
      .summary = "Inserts a dimension of extent 1.",
      .details = "The new dimension stands at position `axis` of dst; -1 is the last.",
      .operands = {{"src", "any shape"}, {"axis", "int32, constant, one element"}},
      .results = {{"dst", "src with one more dimension"}},
      .infer = infer_expand_dims,
      .cost = cost_nothing,
      .quantization = same_scales({0}),
      .channels = channels_view,
      .traits = kView,
  };
  return def;
}

}  // namespace pare
