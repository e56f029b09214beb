#include "ops/conv_2d.h"

#include "base/plausible_shape.h"
#include "ir/graph.h"
#include "ops/checks.h"
#include "ops/rules.h"
#include "ops/tied_channels.h"

namespace pare {
namespace {

Expected<std::vector<TensorType>> infer(const InferContext& context) {
  const auto& attributes = context.attributes.as<Conv2dAttributes>();
  const Shape& src = context.shape(0);
  const Shape& weights = context.shape(1);
  PARE_TRY(check_rank(context, 0, "src", 4));
  PARE_TRY(check_rank(context, 1, "weights", 4));
  PARE_TRY(check_positive({{"stride_h", attributes.stride_h},
                           {"stride_w", attributes.stride_w},
                           {"dilation_h", attributes.dilation_h},
                           {"dilation_w", attributes.dilation_w}}));
  if (src[3] != kDynamic &&
      (weights[3] <= 0 || src[3] < weights[3] || src[3] % weights[3] != 0 || weights[0] % (src[3] / weights[3]) != 0))
    return bad_input("weights {} do not fit {} input channels", weights.to_string(), src[3]);
  PARE_TRY(check_bias(context, 2, weights[0]));
  const Shape dst{src[0], output_extent(src[1], attributes.window_h(weights[1]), attributes.padding),
                  output_extent(src[2], attributes.window_w(weights[2]), attributes.padding), weights[0]};
  if (context.has(3) && context.shape(3) != dst)
    return bad_input("'addend' has the shape {}, {} was expected", context.shape(3).to_string(), dst.to_string());
  return std::vector<TensorType>{{context.type(0).dtype, dst, {}}};
}

Cost cost(const Node& node) {
  const Shape& weights = node.operands[1]->type.shape;
  const int64_t outputs = node.result()->type.shape.elements();
  return {plausible_product(outputs, weights.elements(1, 4)), outputs};
}

std::vector<ChannelTie> channels(const Node& node) {
  const Shape& weights = node.operand(1)->type.shape;
  const int64_t src = node.operand(0)->type.shape[3];
  if (src == kDynamic || !is_vector(node, 2)) return {};
  // Channels of the same place in each group leave together, so that the groups stay alike.
  const int64_t groups = src / weights[3];
  return {{weights[3], {{node.operand(0), 3, ChannelRole::Follows, groups}, {node.operand(1), 3, ChannelRole::Reads}}},
          {weights[0] / groups,
           {{node.operand(1), 0, ChannelRole::Makes, groups},
            vector_slice(node, 2, ChannelRole::Follows, groups),
            {node.result(), 3, ChannelRole::Follows, groups}}}};
}

std::optional<WindowedProduct> product(const Node& node, const Shape& src) {
  return convolution_product(node, src, node.operands[1]->type.shape[3]);
}

}  // namespace

std::optional<WindowedProduct> convolution_product(const Node& node, const Shape& src, int64_t channels_in_group) {
  if (src.rank() != 4) return {};
  const Shape& weights = node.operands[1]->type.shape;
  const auto& attributes = node.attrs<Conv2dAttributes>();
  const Window h = attributes.window_h(weights[1]), w = attributes.window_w(weights[2]);
  return WindowedProduct{.samples = src[0],
                         .height = src[1],
                         .width = src[2],
                         .groups = src[3] / channels_in_group,
                         .channels = channels_in_group,
                         .h = window_taps(src[1], output_extent(src[1], h, attributes.padding), h, attributes.padding),
                         .w = window_taps(src[2], output_extent(src[2], w, attributes.padding), w, attributes.padding)};
}

const OpDef& op_conv_2d() {
  static const OpDef def{
      .name = "conv_2d",
      .summary = "Two-dimensional convolution, optionally grouped, with bias and fused activation.",
      .details =
          "dst[n,y,x,o] = activation(bias[o] + sum over i,j,c of src[n, y*stride_h + i*dilation_h - pad, "
          "x*stride_w + j*dilation_w - pad, g*C + c] * weights[o,i,j,c]). With C the innermost extent of the weights, the "
          "input has G = channels / C groups; output channel o reads group g = o / (O / G).",
      .operands = {{"src", "N,H,W,C"},
                   {"weights", "O,H,W,C/groups", OperandSpec::Kind::Required, true},
                   {"bias", "O", OperandSpec::Kind::Optional, true},
                   {"addend", "as dst; added before the activation. Only the engine's own graphs have it",
                    OperandSpec::Kind::Optional}},
      .results = {{"dst", "N,H',W',O"}},
      .attributes = Conv2dAttributes{},
      .infer = infer,
      .cost = cost,
      .quantization = product_scales(0),
      .channels = channels,
      .product = product,
      .traits = {.fuses_activation = true},
      .onnx = "Conv",
  };
  return def;
}

}  // namespace pare
