// Batch normalisation is y = s x + t per channel, with s = gamma / sqrt(variance + epsilon) and t = beta - mean s.
//
// Behind weights:  s (W x + b) + t = (s W) x + (s b + t), W scaled along its output channels.
// In front of them: W (s x + t) + b = (W s) x + (b + W t), W scaled along its input channels. Where the convolution pads, the
// padding would have to be -t/s instead of zero, so this holds only without padding or where t is zero.
#include <cmath>

#include "ops/conv_2d.h"
#include "ops/normalization.h"
#include "passes/affine_node.h"
#include "passes/passes.h"
#include "passes/rewrite.h"
#include "passes/weighted.h"

namespace pare {
namespace {

// The weights in front that the normalisation can move into.
std::optional<WeightedNode> weights_in_front(const Graph& graph, const Node* node, const ChannelAffine& affine) {
  Node* producer = private_producer(graph, node->operand(0));
  if (producer == nullptr || fused_activation(*producer).value_or(Activation::None) != Activation::None) return {};
  auto weighted = as_weighted(producer);
  if (!weighted || weighted->channels() != static_cast<int64_t>(affine.scale.size())) return {};
  return weighted;
}

bool folds_behind(Graph& graph, Node* node, const ChannelAffine& affine) {
  const auto weighted = weights_in_front(graph, node, affine);
  if (!weighted) return false;
  scale_output(graph, *weighted, affine.scale, affine.shift);
  absorb(graph, weighted->node, node);
  return true;
}

// Whether no window of the node ever reaches over the border.
bool never_pads(const Node& node, const Shape& weights) {
  const bool pointwise = weights.rank() == 2 || (weights[1] == 1 && weights[2] == 1);
  if (const auto* conv = node.attributes.get_if<Conv2dAttributes>())
    return pointwise || conv->padding == Padding::Valid;
  return weights.rank() == 2;
}

bool folds_in_front(Graph& graph, Node* node, const ChannelAffine& affine) {
  Node* reader = only_reader(graph, node->result());
  if (reader == nullptr) return false;
  const auto weighted = as_weighted(reader);
  const bool windowed = reader->is("conv_2d") || reader->is("depthwise_conv_2d") || reader->is("fully_connected");
  if (!weighted || !windowed || reader->operand(0) != node->result()) return false;
  Tensor weights = *reader->operand(weighted->weights)->data;
  const Shape shape = weights.shape();
  const auto inputs = affine.scale.size();
  const bool shifts = std::any_of(affine.shift.begin(), affine.shift.end(), [](float t) { return t != 0; });
  // The last dimension of the weights must run over the normalised channels (grouped convolutions and multiplied channels do not).
  if (shape[-1] != static_cast<int64_t>(inputs) || (shifts && !never_pads(*reader, shape))) return false;
  const auto inner = static_cast<size_t>(shape.elements(weighted->axis + 1, shape.rank()));
  std::vector<float> bias = bias_of(*weighted);
  const auto values = weights.mutable_values<float>();
  for (size_t i = 0; i < values.size(); ++i) {
    bias[i / inner % bias.size()] += values[i] * affine.shift[i % inputs];
    values[i] *= affine.scale[i % inputs];
  }
  set_weights(graph, *weighted, std::move(weights));
  set_bias(graph, *weighted, std::move(bias));
  return bypass(graph, node, node->operand(0));
}

bool folds(Graph& graph, Node* node) {
  const auto affine = node->is("batch_normalization") ? batch_normalization_affine(*node) : std::nullopt;
  return affine && (folds_behind(graph, node, *affine) || folds_in_front(graph, node, *affine));
}

bool folds_only_in_front(Graph& graph, Node* node) {
  const auto affine = node->is("batch_normalization") ? batch_normalization_affine(*node) : std::nullopt;
  return affine && !weights_in_front(graph, node, *affine) && folds_in_front(graph, node, *affine);
}

}  // namespace

Expected<size_t> fold_batch_normalization(Graph& graph, const Evaluator&) { return rewrite_nodes(graph, folds); }

Expected<size_t> fold_leading_batch_normalization(Graph& graph, const Evaluator&) {
  return rewrite_nodes(graph, folds_only_in_front);
}

}  // namespace pare
