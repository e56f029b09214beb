#include "ops/pad.h"

#include "ops/checks.h"
#include "ops/rules.h"
#include "ops/tied_channels.h"

namespace pare {
namespace {

Expected<std::vector<TensorType>> infer_pad(const InferContext& context) {
  const Shape& src = context.shape(0);
  PARE_TRY(check_index_type(context, 1, "paddings"));
  if (!context.shape(1).compatible_with(Shape{src.rank(), 2}))
    return bad_input("'paddings' has the shape {}, two for each of {} dimensions were expected",
                     context.shape(1).to_string(), src.rank());
  Shape dst = src;
  if (context.constant(1) == nullptr) {
    dst = Shape(std::vector<int64_t>(static_cast<size_t>(src.rank()), kDynamic));
    return std::vector<TensorType>{{context.type(0).dtype, dst, {}}};
  }
  const std::vector<int64_t> paddings = index_values(*context.constant(1));
  for (int i = 0; i < src.rank(); ++i) {
    const int64_t before = paddings[static_cast<size_t>(2 * i)], after = paddings[static_cast<size_t>(2 * i + 1)];
    if (before < 0 || after < 0)
      return bad_input("dimension {} is padded by {} and {}, at least 0 was expected", i, before, after);
    if (src[i] != kDynamic)
      dst[i] = src[i] + before + after;
    else if (before + after > 0)
      return unsupported("dimension {} of {} is dynamic and cannot be padded", i, src.to_string());
  }
  return std::vector<TensorType>{{context.type(0).dtype, dst, {}}};
}

Expected<std::vector<TensorType>> infer_padv2(const InferContext& context) {
  if (context.type(2).dtype != context.type(0).dtype)
    return bad_input("'value' is {}, {} was expected", to_string(context.type(2).dtype),
                     to_string(context.type(0).dtype));
  if (!context.shape(2).is_static() || context.shape(2).elements() != 1)
    return bad_input("'value' has the shape {}, one element was expected", context.shape(2).to_string());
  return infer_pad(context);
}

Expected<std::vector<TensorType>> infer_mirror_pad(const InferContext& context) {
  PARE_ASSIGN(std::vector<TensorType> types, infer_pad(context));
  if (context.constant(1) == nullptr) return types;
  const bool reflect = context.attributes.as<MirrorPadAttributes>().mode == MirrorPadMode::Reflect;
  const std::vector<int64_t> paddings = index_values(*context.constant(1));
  const Shape& src = context.shape(0);
  for (size_t i = 0; i < paddings.size(); ++i) {
    const int64_t extent = src[static_cast<int>(i / 2)];
    if (extent != kDynamic && paddings[i] > (reflect ? extent - 1 : extent))
      return bad_input("dimension {} of {} cannot be mirrored into a padding of {}", i / 2, src.to_string(),
                       paddings[i]);
  }
  return types;
}

}  // namespace

std::optional<SpatialPaddings> spatial_paddings(const Node& node) {
  if (!node.is("pad") || !node.operand(1)->is_constant()) return std::nullopt;
  const std::vector<int64_t> all = to_int64(*node.operand(1)->data);
  if (all.size() != 8 || all[0] != 0 || all[1] != 0 || all[6] != 0 || all[7] != 0) return std::nullopt;
  return SpatialPaddings{{all[2], all[3]}, {all[4], all[5]}};
}

const OpDef& op_pad() {
  static const OpDef def{
      .name = "pad",
      .summary = "Zeros around a tensor.",
      .details =
          "paddings[d] tells how many elements stand before and after src in dimension d. A quantised tensor is padded with its zero point.",
      .operands = {{"src", "any shape"}, {"paddings", "int32 or int64, dimensions x 2"}},
      .results = {{"dst", "src and the paddings"}},
      .infer = infer_pad,
      .cost = cost_nothing,
      .quantization = same_scales({0}),
      .channels = channels_unchanged,
      .traits = {.moves_data = true, .positively_homogeneous = true},
  };
  return def;
}

const OpDef& op_padv2() {
  static const OpDef def{
      .name = "padv2",
      .summary = "A given value around a tensor.",
      .details = "paddings[d] tells how many elements stand before and after src in dimension d.",
      .operands = {{"src", "any shape"},
                   {"paddings", "int32 or int64, dimensions x 2"},
                   {"value", "one element, of the type of src"}},
      .results = {{"dst", "src and the paddings"}},
      .infer = infer_padv2,
      .cost = cost_nothing,
      .quantization = same_scales({0, 2}),
      .channels = channels_unchanged,
      .traits = {.moves_data = true},
  };
  return def;
}

const OpDef& op_mirror_pad() {
  static const OpDef def{
      .name = "mirror_pad",
      .summary = "A tensor continued by its mirror image.",
      .details = "Mode reflect mirrors at the outermost element, symmetric beside it, so that it occurs twice.",
      .operands = {{"src", "any shape"}, {"paddings", "int32 or int64, dimensions x 2"}},
      .results = {{"dst", "src and the paddings"}},
      .attributes = MirrorPadAttributes{},
      .infer = infer_mirror_pad,
      .cost = cost_nothing,
      .quantization = same_scales({0}),
      .channels = channels_unchanged,
      .traits = {.moves_data = true},
  };
  return def;
}

}  // namespace pare
