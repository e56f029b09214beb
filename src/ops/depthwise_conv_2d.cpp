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
  PARE_TRY(check_rank(context, 0, "src", 4));
  PARE_TRY(check_rank(context, 1, "weights", 4));
  PARE_TRY(check_positive({{"stride_h", attributes.stride_h},
                           {"stride_w", attributes.stride_w},
                           {"dilation_h", attributes.dilation_h},
                           {"dilation_w", attributes.dilation_w}}));
  const Shape& src = context.shape(0);
  const Shape& weights = context.shape(1);
  if (weights[0] != 1) return bad_input("weights have the shape {}, 1,H,W,C was expected", weights.to_string());
  if (src[3] != kDynamic && (src[3] <= 0 || weights[3] % src[3] != 0))
    return bad_input("weights {} do not fit {} input channels: their last extent must be a multiple of it",
                     weights.to_string(), src[3]);
  PARE_TRY(check_bias(context, 2, weights[3]));
  const Shape dst{src[0], output_extent(src[1], attributes.window_h(weights[1]), attributes.padding),
                  output_extent(src[2], attributes.window_w(weights[2]), attributes.padding), weights[3]};
  return std::vector<TensorType>{{context.type(0).dtype, dst, {}}};
}

Cost cost(const Node& node) {
  const Shape& weights = node.operands[1]->type.shape;
  const int64_t outputs = node.result()->type.shape.elements();
  return {plausible_product(outputs, weights.elements(1, 3)), outputs};
}

// The channels that are read are those that are made, each so many times.
std::vector<ChannelTie> channels(const Node& node) {
  const int64_t src = node.operand(0)->type.shape[3], dst = node.operand(1)->type.shape[3];
  if (src < 1 || dst < src || !is_vector(node, 2)) return {};
  const int64_t times = dst / src;
  return {{src,
           {{node.operand(0), 3},
            {node.operand(1), 3, ChannelRole::Makes, 1, times},
            vector_slice(node, 2, ChannelRole::Follows, 1, times),
            {node.result(), 3, ChannelRole::Follows, 1, times}}}};
}

std::optional<WindowedProduct> product(const Node& node, const Shape& src) { return convolution_product(node, src, 1); }

}  // namespace

const OpDef& op_depthwise_conv_2d() {
  static const OpDef def{
      .name = "depthwise_conv_2d",
      .summary = "Two-dimensional convolution of each channel by itself, with bias and fused activation.",
      .details =
          "dst[n,y,x,o] = activation(bias[o] + sum over i,j of src[n, y*stride_h + i*dilation_h - pad, "
          "x*stride_w + j*dilation_w - pad, o / M] * weights[0,i,j,o]), with M = C' / C output channels for each input channel.",
      .operands = {{"src", "N,H,W,C"},
                   {"weights", "1,H,W,C'", OperandSpec::Kind::Required, true},
                   {"bias", "C'", OperandSpec::Kind::Optional, true}},
      .results = {{"dst", "N,H',W',C'"}},
      .attributes = Conv2dAttributes{},
      .infer = infer,
      .cost = cost,
      .quantization = product_scales(3),
      .channels = channels,
      .product = product,
      .traits = {.fuses_activation = true},
  };
  return def;
}

}  // namespace pare
