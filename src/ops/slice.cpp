#include "ops/slice.h"

#include <algorithm>

#include "base/plausible_shape.h"
#include "ir/graph.h"
#include "ops/checks.h"
#include "ops/rules.h"
#include "ops/tied_channels.h"

namespace pare {
namespace {

bool has_bit(int64_t mask, int bit) { return ((mask >> bit) & 1) != 0; }

Expected<std::vector<TensorType>> infer_slice(const InferContext& context) {
  const Shape& src = context.shape(0);
  for (const size_t operand : {size_t{1}, size_t{2}}) {
    const std::string_view name = operand == 1 ? "begin" : "size";
    PARE_TRY(check_index_type(context, operand, name));
    if (!context.shape(operand).compatible_with(Shape{src.rank()}))
      return bad_input("'{}' has the shape {}, one element for each of {} dimensions was expected", name,
                       context.shape(operand).to_string(), src.rank());
  }
  Shape dst(std::vector<int64_t>(static_cast<size_t>(src.rank()), kDynamic));
  if (context.constant(2) == nullptr) return std::vector<TensorType>{{context.type(0).dtype, dst, {}}};
  const std::vector<int64_t> size = index_values(*context.constant(2));
  std::vector<int64_t> begin;
  if (context.constant(1) != nullptr) begin = index_values(*context.constant(1));
  for (int i = 0; i < src.rank(); ++i) {
    const auto at = static_cast<size_t>(i);
    if (size[at] >= 0)
      dst[i] = size[at];
    else if (size[at] != -1)
      return bad_input("'size' has the element {}", size[at]);
    else if (!begin.empty() && src[i] != kDynamic)
      dst[i] = src[i] - begin[at];
    if (begin.empty() || src[i] == kDynamic) continue;
    if (begin[at] < 0 || begin[at] > src[i] || begin[at] + dst[i] > src[i])
      return bad_input("elements {} to {} of dimension {} of {} do not exist", begin[at], begin[at] + dst[i], i,
                       src.to_string());
  }
  return std::vector<TensorType>{{context.type(0).dtype, dst, {}}};
}

Expected<std::vector<TensorType>> infer_strided_slice(const InferContext& context) {
  PARE_ASSIGN(const std::vector<int64_t> begin, constant_operand(context, 1, "begin"));
  PARE_ASSIGN(const std::vector<int64_t> end, constant_operand(context, 2, "end"));
  PARE_ASSIGN(const std::vector<int64_t> strides, constant_operand(context, 3, "strides"));
  PARE_ASSIGN(StridedBox box, resolve_strided_slice(context.attributes.as<StridedSliceAttributes>(), context.shape(0),
                                                    begin, end, strides));
  return std::vector<TensorType>{{context.type(0).dtype, std::move(box.dst), {}}};
}

Expected<std::vector<TensorType>> infer_dynamic_update_slice(const InferContext& context) {
  const Shape &src = context.shape(0), &update = context.shape(1);
  if (context.type(0).dtype != context.type(1).dtype)
    return bad_input("'src' is {}, 'update' {}; one type was expected", to_string(context.type(0).dtype),
                     to_string(context.type(1).dtype));
  PARE_TRY(check_rank(context, 1, "update", src.rank()));
  for (int i = 0; i < src.rank(); ++i)
    if (src[i] != kDynamic && update[i] > src[i])
      return bad_input("'update' {} is larger than 'src' {}", update.to_string(), src.to_string());
  PARE_TRY(check_index_type(context, 2, "start_indices"));
  if (!context.shape(2).compatible_with(Shape{src.rank()}))
    return bad_input("'start_indices' has the shape {}, one element for each of {} dimensions was expected",
                     context.shape(2).to_string(), src.rank());
  return infer_as_src(context);
}

Expected<std::vector<TensorType>> infer_reverse(const InferContext& context) {
  PARE_ASSIGN(const std::vector<int64_t> axes, constant_operand(context, 1, "axes"));
  for (const int64_t axis : axes) PARE_TRY(check_axis(axis, context.shape(0).rank()));
  return infer_as_src(context);
}

// One entry of begin, end and strides against one dimension of src.
struct Stretch {
  int64_t begin, extent;
};
Stretch resolve_stretch(const StridedSliceAttributes& attributes, int entry, int64_t extent, int64_t begin, int64_t end,
                        int64_t stride) {
  stride = std::clamp(stride, -kMostElements, kMostElements);
  end = std::clamp(end, -kMostElements, kMostElements);
  const int64_t first = stride > 0 ? 0 : -1, last = stride > 0 ? extent : extent - 1;
  const auto place = [&](int64_t position) {
    return std::clamp(position < 0 ? position + extent : position, first, last);
  };
  const int64_t from = has_bit(attributes.begin_mask, entry) ? (stride > 0 ? first : last) : place(begin);
  const int64_t to =
      has_bit(attributes.end_mask, entry) ? (stride > 0 ? last : first) : place(attributes.offset ? from + end : end);
  const int64_t distance = stride > 0 ? to - from : from - to, step = std::abs(stride);
  return {from, distance <= 0 ? 0 : (distance + step - 1) / step};
}

}  // namespace

Expected<StridedBox> resolve_strided_slice(const StridedSliceAttributes& attributes, const Shape& src,
                                           const std::vector<int64_t>& begin, const std::vector<int64_t>& end,
                                           const std::vector<int64_t>& strides) {
  const auto entries = static_cast<int>(begin.size());
  if (end.size() != begin.size() || strides.size() != begin.size())
    return bad_input("begin, end and strides have {}, {} and {} elements, equally many were expected", begin.size(),
                     end.size(), strides.size());
  int given = 0, ellipses = 0;  // dimensions of src that entries speak of
  for (int i = 0; i < entries; ++i) {
    const bool ellipsis = has_bit(attributes.ellipsis_mask, i);
    ellipses += ellipsis ? 1 : 0;
    if (!ellipsis && !has_bit(attributes.new_axis_mask, i)) ++given;
    if (strides[static_cast<size_t>(i)] == 0) return bad_input("stride {} is 0", i);
  }
  if (ellipses > 1) return bad_input("the ellipsis mask names {} entries, at most one was expected", ellipses);
  if (given > src.rank()) return bad_input("{} slices for the {} dimensions of {}", given, src.rank(), src.to_string());

  StridedBox box;
  const auto take_all = [&] {
    const int64_t extent = src[static_cast<int>(box.begin.size())];
    box.begin.push_back(0);
    box.stride.push_back(1);
    box.extent.push_back(extent);
    box.dst.push_back(extent);
  };
  for (int i = 0; i < entries; ++i) {
    const auto at = static_cast<size_t>(i);
    if (has_bit(attributes.ellipsis_mask, i)) {
      for (int filler = src.rank() - given; filler > 0; --filler) take_all();
      continue;
    }
    if (has_bit(attributes.new_axis_mask, i)) {
      box.dst.push_back(1);
      continue;
    }
    const auto dimension = static_cast<int>(box.begin.size());
    const int64_t extent = src[dimension];
    if (has_bit(attributes.shrink_axis_mask, i)) {
      const int64_t position = has_bit(attributes.begin_mask, i)     ? 0
                               : begin[at] < 0 && extent != kDynamic ? begin[at] + extent
                                                                     : begin[at];
      if (extent != kDynamic && (position < 0 || position >= extent))
        return bad_input("element {} of dimension {} of {} does not exist", begin[at], dimension, src.to_string());
      box.begin.push_back(position);
      box.stride.push_back(1);
      box.extent.push_back(1);
      continue;
    }
    const Stretch stretch = extent == kDynamic
                                ? Stretch{kDynamic, kDynamic}
                                : resolve_stretch(attributes, i, extent, begin[at], end[at], strides[at]);
    box.begin.push_back(stretch.begin);
    box.stride.push_back(strides[at]);
    box.extent.push_back(stretch.extent);
    box.dst.push_back(stretch.extent);
  }
  while (static_cast<int>(box.begin.size()) < src.rank()) take_all();
  return box;
}

namespace {

void fit_size(Graph& graph, Node& node) { set_result_shape(graph, node, 2); }

// Of dimensions that are taken as a whole.
std::vector<ChannelTie> channels_of_strided_slice(const Node& node) {
  const auto& attributes = node.attrs<StridedSliceAttributes>();
  if ((attributes.new_axis_mask | attributes.shrink_axis_mask | attributes.ellipsis_mask) != 0 ||
      !node.operand(3)->is_constant())
    return {};
  const std::vector<int64_t> strides = index_values(*node.operand(3)->data);
  std::vector<ChannelTie> ties = channels_unchanged(node);
  std::erase_if(ties, [&](const ChannelTie& tie) {
    const auto axis = static_cast<size_t>(tie.slices[0].axis);
    return axis < strides.size() && strides[axis] != 1;
  });
  return ties;
}

}  // namespace

const OpDef& op_slice() {
  static const OpDef def{
      .name = "slice",
      .summary = "A box of a tensor.",
      .details = "dst = src[begin : begin + size] in each dimension; a size of -1 goes to the end.",
      .operands = {{"src", "any shape"}, {"begin", "int32 or int64, one for each dimension"}, {"size", "as begin"}},
      .results = {{"dst", "the sizes"}},
      .infer = infer_slice,
      .cost = cost_nothing,
      .quantization = same_scales({0}),
      .channels = channels_unchanged,
      .extents = fit_size,
      .traits = {.moves_data = true},
  };
  return def;
}

const OpDef& op_strided_slice() {
  static const OpDef def{
      .name = "strided_slice",
      .summary = "Every so many elements of a box of a tensor.",
      .details =
          "dst = src[begin : end : strides] as in NumPy, with masks for omitted bounds, an ellipsis, new and dropped dimensions.",
      .operands = {{"src", "any shape"},
                   {"begin", "int32, constant"},
                   {"end", "int32, constant"},
                   {"strides", "int32, constant, may be negative"}},
      .results = {{"dst", "the slice"}},
      .attributes = StridedSliceAttributes{},
      .infer = infer_strided_slice,
      .cost = cost_nothing,
      .quantization = same_scales({0}),
      .channels = channels_of_strided_slice,
      .traits = {.moves_data = true},
  };
  return def;
}

const OpDef& op_dynamic_update_slice() {
  static const OpDef def{
      .name = "dynamic_update_slice",
      .summary = "Replaces a box of a tensor.",
      .details = "dst = src with `update` at start_indices, which are moved so that the whole of it lies inside.",
      .operands = {{"src", "any shape"},
                   {"update", "as many dimensions, none larger"},
                   {"start_indices", "int32 or int64, one for each dimension"}},
      .results = {{"dst", "as src"}},
      .infer = infer_dynamic_update_slice,
      .cost = cost_nothing,
      .quantization = same_scales({0, 1}),
      .traits = {.moves_data = true},
  };
  return def;
}

const OpDef& op_reverse_v2() {
  static const OpDef def{
      .name = "reverse_v2",
      .summary = "Turns dimensions round.",
      .details = "dst[..., i, ...] = src[..., extent - 1 - i, ...] along each axis.",
      .operands = {{"src", "any shape"}, {"axes", "int32, constant"}},
      .results = {{"dst", "as src"}},
      .infer = infer_reverse,
      .cost = cost_nothing,
      .quantization = same_scales({0}),
      .traits = {.moves_data = true},
  };
  return def;
}

}  // namespace pare
