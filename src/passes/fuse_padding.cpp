// A pad with zeros in front of a convolution without padding is the convolution's own Same padding where the extents agree. For a
// stride of 2 they often do not: Same pads the end more than the beginning, explicit padding layers mostly both alike.
#include "ops/conv_2d.h"
#include "ops/pad.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace pare {
namespace {

bool is_same(int64_t input, int64_t output, const Window& window, PaddingExtents given) {
  if (input == kDynamic || output_extent(input, window, Padding::Same) != output) return false;
  return padding_extents(input, output, window, Padding::Same) == given;
}

bool fuses(Graph& graph, Node* conv) {
  if (!conv->is("conv_2d") && !conv->is("depthwise_conv_2d")) return false;
  auto& attributes = conv->attributes.as<Conv2dAttributes>();
  if (attributes.padding != Padding::Valid) return false;
  Node* pad = private_producer(graph, conv->operand(0));
  const auto paddings = pad == nullptr ? std::nullopt : spatial_paddings(*pad);
  if (!paddings) return false;
  const Shape& src = pad->operand(0)->type.shape;
  const Shape& dst = conv->result()->type.shape;
  const Shape& weights = conv->operand(1)->type.shape;
  if (!is_same(src[1], dst[1], attributes.window_h(weights[1]), paddings->h) ||
      !is_same(src[2], dst[2], attributes.window_w(weights[2]), paddings->w))
    return false;
  attributes.padding = Padding::Same;
  return bypass(graph, pad, pad->operand(0));
}

}  // namespace

Expected<size_t> fuse_padding(Graph& graph, const Evaluator&) { return rewrite_nodes(graph, fuses); }

}  // namespace pare
