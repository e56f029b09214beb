#include "ops/gather.h"

#include "ir/graph.h"
#include "ops/checks.h"
#include "ops/rules.h"

namespace pare {
namespace {

Expected<std::vector<TensorType>> infer_gather(const InferContext& context) {
  const auto& attributes = context.attributes.as<GatherAttributes>();
  const Shape &src = context.shape(0), &indices = context.shape(1);
  PARE_TRY(check_index_type(context, 1, "indices"));
  PARE_ASSIGN(const int axis, check_axis(attributes.axis, src.rank()));
  const int64_t batch_dims = attributes.batch_dims < 0 ? attributes.batch_dims + indices.rank() : attributes.batch_dims;
  if (batch_dims < 0 || batch_dims > axis || batch_dims > indices.rank())
    return bad_input("batch_dims is {} with axis {} and indices {}", attributes.batch_dims, axis, indices.to_string());
  Shape dst;
  for (int i = 0; i < axis; ++i) {
    if (i < batch_dims && !Shape{src[i]}.compatible_with(Shape{indices[i]}))
      return bad_input("src {} and indices {} differ in the batch dimension {}", src.to_string(), indices.to_string(),
                       i);
    dst.push_back(src[i]);
  }
  for (auto i = static_cast<int>(batch_dims); i < indices.rank(); ++i) dst.push_back(indices[i]);
  for (int i = axis + 1; i < src.rank(); ++i) dst.push_back(src[i]);
  return std::vector<TensorType>{{context.type(0).dtype, dst, {}}};
}

// Number of leading dimensions that one row of indices names.
Expected<int> index_depth(const InferContext& context, size_t operand, int rank) {
  const Shape& indices = context.shape(operand);
  PARE_TRY(check_index_type(context, operand, "indices"));
  if (indices.empty() || indices[-1] == kDynamic || indices[-1] > rank)
    return bad_input("'indices' has the shape {}, rows of at most {} were expected", indices.to_string(), rank);
  return static_cast<int>(indices[-1]);
}

Expected<std::vector<TensorType>> infer_gather_nd(const InferContext& context) {
  const Shape &src = context.shape(0), &indices = context.shape(1);
  PARE_ASSIGN(const int depth, index_depth(context, 1, src.rank()));
  Shape dst(std::vector<int64_t>(indices.begin(), indices.end() - 1));
  for (int i = depth; i < src.rank(); ++i) dst.push_back(src[i]);
  return std::vector<TensorType>{{context.type(0).dtype, dst, {}}};
}

Expected<std::vector<TensorType>> infer_scatter_nd(const InferContext& context) {
  const Shape &indices = context.shape(0), &updates = context.shape(1);
  PARE_ASSIGN(const Shape dst, shape_operand(context, 2, "shape"));
  PARE_ASSIGN(const int depth, index_depth(context, 0, dst.rank()));
  Shape expected(std::vector<int64_t>(indices.begin(), indices.end() - 1));
  for (int i = depth; i < dst.rank(); ++i) expected.push_back(dst[i]);
  if (!updates.compatible_with(expected))
    return bad_input("'updates' has the shape {}, {} was expected", updates.to_string(), expected.to_string());
  return std::vector<TensorType>{{context.type(1).dtype, dst, {}}};
}

Expected<std::vector<TensorType>> infer_one_hot(const InferContext& context) {
  PARE_TRY(check_index_type(context, 0, "indices"));
  for (const size_t value : {size_t{1}, size_t{2}, size_t{3}})
    if (!context.shape(value).is_static() || context.shape(value).elements() != 1)
      return bad_input("'{}' has the shape {}, one element was expected",
                       value == 1   ? "depth"
                       : value == 2 ? "on_value"
                                    : "off_value",
                       context.shape(value).to_string());
  if (context.type(2).dtype != context.type(3).dtype)
    return bad_input("'on_value' is {}, 'off_value' {}; one type was expected", to_string(context.type(2).dtype),
                     to_string(context.type(3).dtype));
  PARE_TRY(check_index_type(context, 1, "depth"));
  std::vector<int64_t> dims = context.shape(0).dims();
  PARE_ASSIGN(const int axis, check_axis(context.attributes.as<OneHotAttributes>().axis, context.shape(0).rank() + 1));
  const int64_t depth = context.constant(1) == nullptr ? kDynamic : index_values(*context.constant(1))[0];
  if (context.constant(1) != nullptr && depth < 0) return bad_input("'depth' is {}, at least 0 was expected", depth);
  dims.insert(dims.begin() + axis, depth);
  return std::vector<TensorType>{{context.type(2).dtype, Shape(std::move(dims)), {}}};
}

}  // namespace

const OpDef& op_gather() {
  static const OpDef def{
      .name = "gather",
      .summary = "Slices along a dimension, by index.",
      .details =
          "dst[b..., o..., i..., r...] = src[b..., o..., indices[b..., i...], r...], where b are the batch dimensions and o those up to the axis. "
          "An index outside reads zeros.",
      .operands = {{"src", "any shape but a scalar"}, {"indices", "int32 or int64"}},
      .results = {{"dst", "src with the axis replaced by the dimensions of indices"}},
      .attributes = GatherAttributes{},
      .infer = infer_gather,
      .cost = cost_nothing,
      .quantization = same_scales({0}),
      .traits = {.moves_data = true},
  };
  return def;
}

const OpDef& op_gather_nd() {
  static const OpDef def{
      .name = "gather_nd",
      .summary = "Slices named by rows of indices.",
      .details =
          "dst[i..., :] = src[indices[i..., 0], indices[i..., 1], ..., :]. A row that points outside reads zeros.",
      .operands = {{"src", "any shape"}, {"indices", "int32 or int64; ..., dimensions named"}},
      .results = {{"dst", "the outer shape of indices, then what is left of src"}},
      .infer = infer_gather_nd,
      .cost = cost_nothing,
      .quantization = same_scales({0}),
      .traits = {.moves_data = true},
      .onnx = "GatherND",
  };
  return def;
}

const OpDef& op_scatter_nd() {
  static const OpDef def{
      .name = "scatter_nd",
      .summary = "Slices added at places named by rows of indices.",
      .details =
          "dst is zero but for dst[indices[i..., 0], indices[i..., 1], ..., :], where updates[i..., :] are added up. A row that points outside is left out.",
      .operands = {{"indices", "int32; ..., dimensions named"},
                   {"updates", "the outer shape of indices, then a slice of dst"},
                   {"shape", "int32, of dst"}},
      .results = {{"dst", "the given shape"}},
      .infer = infer_scatter_nd,
      .cost = cost_per_element,
      .quantization = same_scales({1}),
  };
  return def;
}

const OpDef& op_one_hot() {
  static const OpDef def{
      .name = "one_hot",
      .summary = "Indices as vectors with one element set.",
      .details = "dst[..., j, ...] = indices[...] == j ? on_value : off_value, where j stands at position `axis`.",
      .operands = {{"indices", "int32 or int64, any shape"},
                   {"depth", "int32, one element"},
                   {"on_value", "one element"},
                   {"off_value", "one element"}},
      .results = {{"dst", "indices with one more dimension of extent depth"}},
      .attributes = OneHotAttributes{},
      .infer = infer_one_hot,
      .cost = cost_per_element,
      .quantization = not_quantized(kNoIntegerKernel),
  };
  return def;
}

}  // namespace pare
