#include "ops/conv_2d_backward.h"

#include "base/plausible_shape.h"
#include "ir/graph.h"
#include "ops/checks.h"
#include "ops/rules.h"

namespace pare {
namespace {

Expected<void> check_attributes(const ConvBackwardAttributes& attributes) {
  return check_positive({{"stride_h", attributes.stride_h},
                         {"stride_w", attributes.stride_w},
                         {"dilation_h", attributes.dilation_h},
                         {"dilation_w", attributes.dilation_w},
                         {"height", attributes.height},
                         {"width", attributes.width},
                         {"channels", attributes.channels}});
}

// The gradient of dst must have the extents that the convolution gives.
Expected<void> check_ddst(const Shape& ddst, const Shape& src, int64_t window_h, int64_t window_w,
                          const ConvBackwardAttributes& attributes) {
  const Shape expected{src[0], output_extent(src[1], attributes.window_h(window_h), attributes.padding),
                       output_extent(src[2], attributes.window_w(window_w), attributes.padding), ddst[3]};
  if (ddst.compatible_with(expected)) return {};
  return bad_input("'ddst' is {}, the convolution gives {}", ddst.to_string(), expected.to_string());
}

Expected<void> check_groups(int64_t channels, int64_t group_channels, int64_t outputs) {
  if (group_channels >= 1 && channels % group_channels == 0 && outputs % (channels / group_channels) == 0) return {};
  return bad_input("{} channels in groups of {} do not give {} output channels", channels, group_channels, outputs);
}

Expected<std::vector<TensorType>> infer_src(const InferContext& context) {
  const auto& attributes = context.attributes.as<ConvBackwardAttributes>();
  PARE_TRY(check_rank(context, 0, "ddst", 4));
  PARE_TRY(check_rank(context, 1, "weights", 4));
  PARE_TRY(check_attributes(attributes));
  const Shape &ddst = context.shape(0), &weights = context.shape(1);
  const Shape src{ddst[0], attributes.height, attributes.width, attributes.channels};
  PARE_TRY(check_ddst(ddst, src, weights[1], weights[2], attributes));
  return std::vector<TensorType>{{context.type(0).dtype, src, {}}};
}

Expected<std::vector<TensorType>> infer_conv_src(const InferContext& context) {
  PARE_ASSIGN(auto types, infer_src(context));
  const Shape &ddst = context.shape(0), &weights = context.shape(1);
  if (ddst[3] != weights[0]) return bad_input("'ddst' has {} channels, the weights give {}", ddst[3], weights[0]);
  PARE_TRY(check_groups(types[0].shape[3], weights[3], weights[0]));
  return types;
}

Expected<std::vector<TensorType>> infer_depthwise_src(const InferContext& context) {
  PARE_ASSIGN(auto types, infer_src(context));
  const Shape &ddst = context.shape(0), &weights = context.shape(1);
  if (weights[0] != 1 || ddst[3] != weights[3] || weights[3] % types[0].shape[3] != 0)
    return bad_input("weights {} do not fit {} input and {} output channels", weights.to_string(), types[0].shape[3],
                     ddst[3]);
  return types;
}

Expected<Shape> window_of(const InferContext& context) {
  const auto& attributes = context.attributes.as<ConvBackwardAttributes>();
  PARE_TRY(check_rank(context, 0, "src", 4));
  PARE_TRY(check_rank(context, 1, "ddst", 4));
  PARE_TRY(check_attributes(attributes));
  const Shape &src = context.shape(0), &ddst = context.shape(1);
  PARE_TRY(check_ddst(ddst, src, attributes.height, attributes.width, attributes));
  return Shape{1, attributes.height, attributes.width, attributes.channels};
}

Expected<std::vector<TensorType>> infer_conv_weights(const InferContext& context) {
  PARE_ASSIGN(Shape weights, window_of(context));
  weights[0] = context.shape(1)[3];
  PARE_TRY(check_groups(context.shape(0)[3], weights[3], weights[0]));
  return std::vector<TensorType>{{context.type(0).dtype, weights, {}}};
}

Expected<std::vector<TensorType>> infer_depthwise_weights(const InferContext& context) {
  PARE_ASSIGN(const Shape weights, window_of(context));
  const int64_t channels = context.shape(0)[3];
  if (weights[3] != context.shape(1)[3] || channels < 1 || weights[3] % channels != 0)
    return bad_input("weights {} do not fit {} input and {} output channels", weights.to_string(), channels,
                     context.shape(1)[3]);
  return std::vector<TensorType>{{context.type(0).dtype, weights, {}}};
}

// As many multiply-adds as the convolution: each element of ddst meets each weight of its channel.
Cost cost_src(const Node& node) {
  const Shape& weights = node.operands[1]->type.shape;
  const int64_t taps = node.is("conv_2d_backward_src") ? weights.elements(1, 4) : weights.elements(1, 3);
  return {plausible_product(node.operands[0]->type.shape.elements(), taps), 0};
}
Cost cost_weights(const Node& node) {
  const Shape& weights = node.result()->type.shape;
  const int64_t taps = node.is("conv_2d_backward_weights") ? weights.elements(1, 4) : weights.elements(1, 3);
  return {plausible_product(node.operands[1]->type.shape.elements(), taps), 0};
}

OpDef backward(OpDef def) {
  def.attributes = ConvBackwardAttributes{};
  def.quantization = not_quantized(kOnlyTraining);
  def.in_tflite = false;
  return def;
}

}  // namespace

const OpDef& op_conv_2d_backward_src() {
  static const OpDef def = backward({
      .name = "conv_2d_backward_src",
      .summary = "Gradient of conv_2d with respect to its image.",
      .details =
          "dsrc[n,y',x',g*C+c] = sum of ddst[n,y,x,o] * weights[o,i,j,c] over all places where the convolution multiplies src there.",
      .operands = {{"ddst", "N,H',W',O"}, {"weights", "O,H,W,C/groups"}},
      .results = {{"dsrc", "N,height,width,channels"}},
      .infer = infer_conv_src,
      .cost = cost_src,
  });
  return def;
}

const OpDef& op_conv_2d_backward_weights() {
  static const OpDef def = backward({
      .name = "conv_2d_backward_weights",
      .summary = "Gradient of conv_2d with respect to its weights.",
      .details =
          "dweights[o,i,j,c] = sum of ddst[n,y,x,o] * src[n,y',x',g*C+c] over all places where the convolution multiplies that weight.",
      .operands = {{"src", "N,H,W,C"}, {"ddst", "N,H',W',O"}},
      .results = {{"dweights", "O,height,width,channels (of one group)"}},
      .infer = infer_conv_weights,
      .cost = cost_weights,
  });
  return def;
}

const OpDef& op_depthwise_conv_2d_backward_src() {
  static const OpDef def = backward({
      .name = "depthwise_conv_2d_backward_src",
      .summary = "Gradient of depthwise_conv_2d with respect to its image.",
      .details =
          "dsrc[n,y',x',o/M] = sum of ddst[n,y,x,o] * weights[0,i,j,o] over all places where the convolution multiplies src there, with "
          "M output channels for each input channel.",
      .operands = {{"ddst", "N,H',W',C'"}, {"weights", "1,H,W,C'"}},
      .results = {{"dsrc", "N,height,width,channels"}},
      .infer = infer_depthwise_src,
      .cost = cost_src,
  });
  return def;
}

const OpDef& op_depthwise_conv_2d_backward_weights() {
  static const OpDef def = backward({
      .name = "depthwise_conv_2d_backward_weights",
      .summary = "Gradient of depthwise_conv_2d with respect to its weights.",
      .details =
          "dweights[0,i,j,o] = sum of ddst[n,y,x,o] * src[n,y',x',o/M] over all places where the convolution multiplies that weight, with "
          "M output channels for each input channel.",
      .operands = {{"src", "N,H,W,C"}, {"ddst", "N,H',W',C'"}},
      .results = {{"dweights", "1,height,width,channels"}},
      .infer = infer_depthwise_weights,
      .cost = cost_weights,
  });
  return def;
}

}  // namespace pare
