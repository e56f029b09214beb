#include "ops/normalization.h"

#include "ir/graph.h"
#include "ops/checks.h"
#include "ops/tied_channels.h"

namespace pare {
namespace {

constexpr std::string_view kExpandReason =
    "no integer form; folded into a convolution or expanded into simple operators first";

// An optional vector operand with one element for each position it scales.
Expected<void> check_elements(const InferContext& context, size_t index, std::string_view name, int64_t elements) {
  if (!context.has(index)) return {};
  const Shape& shape = context.shape(index);
  if (shape.is_static() && shape.elements() == elements) return {};
  return bad_input("'{}' has the shape {}, {} elements were expected", name, shape.to_string(), elements);
}

Expected<std::vector<TensorType>> same_as_src(const InferContext& context) {
  return std::vector<TensorType>{{context.type(0).dtype, context.shape(0), {}}};
}

Expected<void> check_not_scalar(const InferContext& context) {
  if (context.shape(0).empty()) return bad_input("'src' is a scalar, at least one dimension was expected");
  return {};
}

Expected<std::vector<TensorType>> infer_l2(const InferContext& context) {
  PARE_TRY(check_not_scalar(context));
  return same_as_src(context);
}

Expected<std::vector<TensorType>> infer_batch(const InferContext& context) {
  PARE_TRY(check_not_scalar(context));
  const int64_t channels = context.shape(0)[-1];
  constexpr std::array<std::string_view, 5> names{"src", "gamma", "beta", "mean", "variance"};
  for (size_t i = 1; i < names.size(); ++i) {
    if (i >= 3 && !context.has(i)) return bad_input("'{}' is missing", names[i]);
    if (channels != kDynamic) PARE_TRY(check_elements(context, i, names[i], channels));
  }
  return same_as_src(context);
}

Expected<std::vector<TensorType>> infer_layer(const InferContext& context) {
  const Shape& src = context.shape(0);
  PARE_ASSIGN(const int axis, check_axis(context.attributes.as<LayerNormalizationAttributes>().axis, src.rank()));
  for (int i = axis; i < src.rank(); ++i)
    if (src[i] == kDynamic)
      return bad_input("dimension {} of src {} is normalised over and must be known", i, src.to_string());
  const int64_t elements = src.elements(axis, src.rank());
  PARE_TRY(check_elements(context, 1, "gamma", elements));
  PARE_TRY(check_elements(context, 2, "beta", elements));
  return same_as_src(context);
}

Expected<std::vector<TensorType>> infer_group(const InferContext& context) {
  const int64_t groups = context.attributes.as<GroupNormalizationAttributes>().groups;
  PARE_TRY(check_positive({{"groups", groups}}));
  if (context.shape(0).rank() < 2)
    return bad_input("'src' has the shape {}, at least two dimensions were expected", context.shape(0).to_string());
  const int64_t channels = context.shape(0)[-1];
  if (channels == kDynamic || channels % groups != 0)
    return bad_input("{} channels cannot be parted into {} groups", channels, groups);
  PARE_TRY(check_elements(context, 1, "gamma", channels));
  PARE_TRY(check_elements(context, 2, "beta", channels));
  return same_as_src(context);
}

// One multiply-add an element (the statistics are given).
Cost cost_affine(const Node& node) { return {node.result()->type.shape.elements(), 0}; }
// Mean, variance, normalisation.
Cost cost_statistics(const Node& node) {
  const int64_t elements = node.result()->type.shape.elements();
  return {2 * elements, 2 * elements};
}

}  // namespace

namespace {

std::vector<ChannelTie> channels_of_batch(const Node& node) {
  std::vector<ChannelTie> ties = channels_last(node);
  if (ties.empty()) return ties;
  for (const size_t vector : {1, 2, 3, 4}) {
    if (!is_vector(node, vector)) return {};
    ties[0].slices.push_back(vector_slice(node, vector, vector == 1 ? ChannelRole::Scales : ChannelRole::Follows));
  }
  return ties;
}

}  // namespace

const OpDef& op_l2_normalization() {
  static const OpDef def{
      .name = "l2_normalization",
      .summary = "Scales the last dimension to unit Euclidean length.",
      .details = "dst[...,i] = src[...,i] / max(1e-6, sqrt(sum over j of src[...,j]^2)).",
      .operands = {{"src", "any shape but a scalar"}},
      .results = {{"dst", "as src"}},
      .attributes = L2NormalizationAttributes{},
      .infer = infer_l2,
      .cost = cost_statistics,
      .quantization = {.scales = QuantRule::Scales::FixedOutput,
                       .int16 = false,
                       .fixed_int8 = QuantRule::Fixed{1.f / 128, 0}},
      .traits = {.fuses_activation = true},
  };
  return def;
}

const OpDef& op_batch_normalization() {
  static const OpDef def{
      .name = "batch_normalization",
      .summary = "Normalises each channel by given statistics.",
      .details =
          "dst[...,c] = gamma[c] * (src[...,c] - mean[c]) / sqrt(variance[c] + epsilon) + beta[c]; an absent gamma is 1, an absent beta 0. "
          "Ioffe and Szegedy, \"Batch Normalization\" (2015), inference form.",
      .operands = {{"src", "...,C"},
                   {"gamma", "C", OperandSpec::Kind::Optional, true},
                   {"beta", "C", OperandSpec::Kind::Optional, true},
                   {"mean", "C"},
                   {"variance", "C"}},
      .results = {{"dst", "as src"}},
      .attributes = BatchNormalizationAttributes{},
      .infer = infer_batch,
      .cost = cost_affine,
      .quantization = {.reason = kExpandReason},
      .channels = channels_of_batch,
      .in_tflite = false,
  };
  return def;
}

const OpDef& op_layer_normalization() {
  static const OpDef def{
      .name = "layer_normalization",
      .summary = "Normalises over the last dimensions of each sample.",
      .details =
          "With mean and variance over the dimensions from `axis` to the last: dst = gamma * (src - mean) / sqrt(variance + epsilon) + beta; "
          "an absent gamma is 1, an absent beta 0. Ba et al., \"Layer Normalization\" (2016).",
      .operands = {{"src", "any shape but a scalar"},
                   {"gamma", "the normalised extents", OperandSpec::Kind::Optional, true},
                   {"beta", "the normalised extents", OperandSpec::Kind::Optional, true}},
      .results = {{"dst", "as src"}},
      .attributes = LayerNormalizationAttributes{},
      .infer = infer_layer,
      .cost = cost_statistics,
      .quantization = {.reason = kExpandReason},
      .in_tflite = false,
      .onnx = "LayerNormalization",
  };
  return def;
}

const OpDef& op_group_normalization() {
  static const OpDef def{
      .name = "group_normalization",
      .summary = "Normalises groups of neighbouring channels of each sample.",
      .details =
          "With mean and variance over all positions and the channels of one group: dst[n,...,c] = gamma[c] * (src - mean) / sqrt(variance + epsilon) "
          "+ beta[c]; an absent gamma is 1, an absent beta 0. Wu and He, \"Group Normalization\" (2018).",
      .operands = {{"src", "N,...,C"},
                   {"gamma", "C", OperandSpec::Kind::Optional, true},
                   {"beta", "C", OperandSpec::Kind::Optional, true}},
      .results = {{"dst", "as src"}},
      .attributes = GroupNormalizationAttributes{},
      .infer = infer_group,
      .cost = cost_statistics,
      .quantization = {.reason = kExpandReason},
      .in_tflite = false,
  };
  return def;
}

}  // namespace pare
