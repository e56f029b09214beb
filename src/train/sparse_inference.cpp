#include "train/sparse_inference.h"

#include <algorithm>
#include <set>

#include "engine/evaluate.h"
#include "ops/conv_2d.h"
#include "ops/pad.h"
#include "ops/reductions.h"
#include "passes/pipeline.h"

namespace pare {
namespace {

struct Kernel {
  int64_t height, width;
  const Conv2dAttributes& attributes;

  bool is(int64_t extent) const { return height == extent && width == extent; }
  bool has_stride(int64_t stride) const { return attributes.stride_h == stride && attributes.stride_w == stride; }
  bool is_dense() const { return attributes.dilation_h == 1 && attributes.dilation_w == 1; }
};

Kernel kernel_of(const Node& node) {
  const Shape& weights = node.operand(1)->type.shape;
  return {weights[1], weights[2], node.attrs<Conv2dAttributes>()};
}

// Whether what the node reads is padded by so much on each side of height and width, and the node adds nothing to that.
bool is_padded_by(const Node& node, int64_t extent) {
  const Node* pad = node.operand(0)->producer;
  const auto paddings = pad == nullptr ? std::nullopt : spatial_paddings(*pad);
  const PaddingExtents wanted{extent, extent};
  return paddings && paddings->h == wanted && paddings->w == wanted &&
         node.attrs<Conv2dAttributes>().padding == Padding::Valid;
}

bool begins(const Node& node) {
  if (!node.is("conv_2d") || node.operand(1)->type.shape[3] != 3) return false;
  const Kernel kernel = kernel_of(node);
  return kernel.is(3) && kernel.has_stride(2) && kernel.is_dense() && is_padded_by(node, 1);
}

bool ends(const Node& node) {
  if (node.is("depth_to_space")) return true;
  if (!node.is("mean") || !node.attrs<ReduceAttributes>().keep_dims || !node.operand(1)->is_constant()) return false;
  std::vector<float> axes = to_floats(*node.operand(1)->data);
  for (float& axis : axes) axis += axis < 0 ? static_cast<float>(node.operand(0)->type.shape.rank()) : 0;
  std::ranges::sort(axes);
  return axes == std::vector<float>{1, 2};
}

// 3x3 and 5x5, of equal size or halved from a padded source.
bool is_taken_depthwise(const Node& node) {
  if (!node.is("depthwise_conv_2d")) return false;
  const Kernel kernel = kernel_of(node);
  const bool multiplies = node.operand(1)->type.shape[3] != node.operand(0)->type.shape[3];
  if (multiplies || !kernel.is_dense() || !(kernel.is(3) || kernel.is(5))) return false;
  if (kernel.attributes.padding == Padding::Same) return kernel.has_stride(1);
  return (kernel.has_stride(1) || kernel.has_stride(2)) && is_padded_by(node, kernel.height / 2);
}

bool is_taken(const Node& node) {
  constexpr std::array<std::string_view, 14> kChannelByChannel{
      "add",        "sub",      "mul",        "pad", "relu",     "relu6",           "relu_n1_to_1",
      "leaky_relu", "logistic", "hard_swish", "elu", "identity", "resize_bilinear", "prelu"};
  return is_sparse_product(node) || is_taken_depthwise(node) ||
         std::ranges::find(kChannelByChannel, node.op().name) != kChannelByChannel.end();
}

}  // namespace

bool is_sparse_product(const Node& node) {
  if (!node.is("conv_2d")) return false;
  const Kernel kernel = kernel_of(node);
  return kernel.is(1) && kernel.has_stride(1) && kernel.is_dense() &&
         node.operand(1)->type.shape[3] == node.operand(0)->type.shape[3];
}

Expected<void> check_sparse_inference(const Graph& network) {
  Graph deployed = network.clone();
  PARE_TRY(run_pipeline(deployed, Pipeline::Canonical, [](const Node& node) { return evaluate(node); }));
  std::set<const Value*> reached;
  bool ended = false;
  for (const auto& node : deployed.nodes()) {
    if (begins(*node)) {
      reached.insert(node->result());
      continue;
    }
    const bool on_path =
        std::ranges::any_of(node->operands, [&](const Value* operand) { return reached.contains(operand); });
    if (!on_path) continue;
    if (ends(*node)) {
      ended = true;
      continue;
    }
    if (!is_taken(*node))
      return unsupported(
          "XNNPACK's sparse kernels do not take {} ('{}'), which lies between the first convolution and the mean at the end; choose "
          "weights without --policy xnnpack",
          node->op().name, node->name);
    reached.insert(node->result());
  }
  if (reached.empty())
    return unsupported(
        "XNNPACK's sparse kernels begin at a 3x3 convolution of 3 channels with stride 2 whose input is padded by one on each side (`pad` "
        "and no padding of its own); this network has none");
  if (!ended)
    return unsupported(
        "XNNPACK's sparse kernels end at a mean over height and width that keeps these dimensions, or at depth_to_space; this network has "
        "none behind its first convolution");
  return {};
}

}  // namespace pare
