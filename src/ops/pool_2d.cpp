#include "ops/pool_2d.h"

#include "base/plausible_shape.h"
#include "ir/graph.h"
#include "ops/checks.h"
#include "ops/tied_channels.h"

namespace pare {
namespace {

Expected<std::vector<TensorType>> infer(const InferContext& context) {
  const auto& attributes = context.attributes.as<Pool2dAttributes>();
  PARE_TRY(check_rank(context, 0, "src", 4));
  PARE_TRY(check_positive({{"window_h", attributes.window_h},
                           {"window_w", attributes.window_w},
                           {"stride_h", attributes.stride_h},
                           {"stride_w", attributes.stride_w}}));
  const Shape& src = context.shape(0);
  const Shape dst{src[0], output_extent(src[1], attributes.h(), attributes.padding),
                  output_extent(src[2], attributes.w(), attributes.padding), src[3]};
  return std::vector<TensorType>{{context.type(0).dtype, dst, {}}};
}

Cost cost(const Node& node) {
  const auto& attributes = node.attrs<Pool2dAttributes>();
  const int64_t window = plausible_product(attributes.window_h, attributes.window_w);
  return {0, plausible_product(node.result()->type.shape.elements(), window)};
}

}  // namespace

const OpDef& op_average_pool_2d() {
  static const OpDef def{
      .name = "average_pool_2d",
      .summary = "Mean over windows of height and width, with fused activation.",
      .details =
          "dst[n,y,x,c] = activation(mean of src over the window at y*stride_h - pad, x*stride_w - pad). Only elements inside src "
          "count, padding does not.",
      .operands = {{"src", "N,H,W,C"}},
      .results = {{"dst", "N,H',W',C"}},
      .attributes = Pool2dAttributes{},
      .infer = infer,
      .cost = cost,
      .quantization = {.scales = QuantRule::Scales::Same, .halves_away = true},
      .channels = channels_last,
      .traits = {.fuses_activation = true},
      .onnx = "AveragePool",
  };
  return def;
}

const OpDef& op_max_pool_2d() {
  static const OpDef def{
      .name = "max_pool_2d",
      .summary = "Maximum over windows of height and width, with fused activation.",
      .details =
          "dst[n,y,x,c] = activation(maximum of src over the window at y*stride_h - pad, x*stride_w - pad). Padding never wins.",
      .operands = {{"src", "N,H,W,C"}},
      .results = {{"dst", "N,H',W',C"}},
      .attributes = Pool2dAttributes{},
      .infer = infer,
      .cost = cost,
      .quantization = {.scales = QuantRule::Scales::Same},
      .channels = channels_last,
      .traits = {.fuses_activation = true},
      .onnx = "MaxPool",
  };
  return def;
}

}  // namespace pare
