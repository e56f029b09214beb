#include "ops/transpose_conv.h"

#include "base/plausible_shape.h"
#include "ir/graph.h"
#include "ops/checks.h"
#include "ops/tied_channels.h"

namespace pare {
namespace {

// Height or width of the result must be one that the forward convolution would map to the extent of src.
Expected<void> check_extent(std::string_view name, int64_t src, int64_t dst, const Window& window, Padding padding) {
  if (src == kDynamic) return {};
  if (dst < 1) return bad_input("output_shape asks for a {} of {}", name, dst);
  const int64_t expected = output_extent(dst, window, padding);
  if (expected == src) return {};
  return bad_input("output_shape asks for a {} of {}, which takes {} input elements with {} padding; src has {}", name,
                   dst, expected, to_string(padding), src);
}

Expected<std::vector<TensorType>> infer(const InferContext& context) {
  const auto& attributes = context.attributes.as<TransposeConvAttributes>();
  PARE_TRY(check_index_type(context, 0, "output_shape"));
  PARE_TRY(check_rank(context, 0, "output_shape", 1));
  PARE_TRY(check_rank(context, 1, "weights", 4));
  PARE_TRY(check_rank(context, 2, "src", 4));
  PARE_TRY(check_positive({{"stride_h", attributes.stride_h}, {"stride_w", attributes.stride_w}}));
  const Shape& weights = context.shape(1);
  const Shape& src = context.shape(2);
  if (src[3] != kDynamic && src[3] != weights[3])
    return bad_input("weights {} do not fit {} input channels: their last extent must be equal", weights.to_string(),
                     src[3]);
  PARE_TRY(check_bias(context, 3, weights[0]));
  Shape dst{src[0], kDynamic, kDynamic, weights[0]};
  if (const Tensor* output_shape = context.constant(0)) {
    const std::vector<int64_t> wanted = index_values(*output_shape);
    if (wanted.size() != 4) return bad_input("output_shape has {} elements, 4 were expected", wanted.size());
    if (wanted[3] != weights[0])
      return bad_input("output_shape asks for {} channels, the weights give {}", wanted[3], weights[0]);
    PARE_TRY(check_extent("height", src[1], wanted[1], attributes.window_h(weights[1]), attributes.padding));
    PARE_TRY(check_extent("width", src[2], wanted[2], attributes.window_w(weights[2]), attributes.padding));
    dst[1] = wanted[1];
    dst[2] = wanted[2];
  }
  return std::vector<TensorType>{{context.type(2).dtype, dst, {}}};
}

Cost cost(const Node& node) {
  const Shape& weights = node.operands[1]->type.shape;
  return {plausible_product(node.operands[2]->type.shape.elements(0, 3), weights.elements()),
          node.result()->type.shape.elements()};
}

std::vector<ChannelTie> channels(const Node& node) {
  const Shape& weights = node.operand(1)->type.shape;
  std::vector<ChannelTie> ties{{weights[3], {{node.operand(2), 3}, {node.operand(1), 3, ChannelRole::Reads}}}};
  if (is_vector(node, 3))
    ties.push_back({weights[0], {{node.operand(1), 0, ChannelRole::Makes}, vector_slice(node, 3), {node.result(), 3}}});
  return ties;
}

void fit_output_shape(Graph& graph, Node& node) { set_result_shape(graph, node, 0); }

// The result's element y gets source element s through tap i where y = s * stride + i - padding.
WindowTaps transposed_taps(int64_t input, int64_t output, const Window& window, Padding padding) {
  const int64_t before = padding_extents(output, input, window, padding).before;
  WindowTaps taps{.outputs = output, .taps = window.kernel, .source = {}};
  for (int64_t y = 0; y < output; ++y)
    for (int64_t i = 0; i < window.kernel; ++i) {
      const int64_t scaled = y + before - i, at = scaled / window.stride;
      taps.source.push_back(scaled >= 0 && scaled % window.stride == 0 && at < input ? at : -1);
    }
  return taps;
}

std::optional<WindowedProduct> product(const Node& node, const Shape& src) {
  const Shape& weights = node.operands[1]->type.shape;
  const Shape& dst = node.result()->type.shape;
  if (src.rank() != 4 || dst[1] == kDynamic || dst[2] == kDynamic) return {};
  const auto& attributes = node.attrs<TransposeConvAttributes>();
  return WindowedProduct{.samples = src[0],
                         .height = src[1],
                         .width = src[2],
                         .channels = src[3],
                         .h = transposed_taps(src[1], dst[1], attributes.window_h(weights[1]), attributes.padding),
                         .w = transposed_taps(src[2], dst[2], attributes.window_w(weights[2]), attributes.padding)};
}

}  // namespace

const OpDef& op_transpose_conv() {
  static const OpDef def{
      .name = "transpose_conv",
      .summary = "Transposed two-dimensional convolution, with bias and fused activation.",
      .details =
          "The adjoint of conv_2d: each src[n,y,x,c] adds src * weights[o,i,j,c] to dst[n, y*stride_h + i - pad, "
          "x*stride_w + j - pad, o]; then bias and activation. output_shape is needed because several heights and widths lead "
          "to the same src under conv_2d. Its first element is not looked at: the batch is that of src.",
      .operands = {{"output_shape", "4 integers N,H',W',O"},
                   {"weights", "O,H,W,C", OperandSpec::Kind::Required, true},
                   {"src", "N,H,W,C"},
                   {"bias", "O", OperandSpec::Kind::Optional, true}},
      .results = {{"dst", "N,H',W',O"}},
      .attributes = TransposeConvAttributes{},
      .infer = infer,
      .cost = cost,
      .quantization = {.scales = QuantRule::Scales::Free,
                       .activations = {2},
                       .weights = 1,
                       .weights_axis = 0,
                       .bias = 3,
                       .weight_only = true},
      .channels = channels,
      .extents = fit_output_shape,
      .product = product,
      .traits = {.fuses_activation = true},
  };
  return def;
}

}  // namespace pare
