// Nodes with weights, seen through their quantisation rule: which operand holds the weights, along which axis its output channels
// run, where the bias is. Folding into weights needs nothing else.
#pragma once

#include <span>

#include "ir/graph.h"

namespace pare {

struct WeightedNode {
  Node* node;
  size_t weights;  // operand positions
  size_t bias;
  int axis;  // of output channels in the weights

  int64_t channels() const { return node->operand(weights)->type.shape[axis]; }
};

// The node as one with constant float weights and a constant float bias, or none; nothing where it is something else.
std::optional<WeightedNode> as_weighted(Node* node);

// dst * scale + shift becomes part of weights and bias: new constants, since the old ones may be shared.
void scale_output(Graph& graph, const WeightedNode& weighted, std::span<const float> scale,
                  std::span<const float> shift);

// Sets or replaces the bias.
void set_bias(Graph& graph, const WeightedNode& weighted, std::vector<float> bias);
std::vector<float> bias_of(const WeightedNode& weighted);  // zeros where there is none
void set_weights(Graph& graph, const WeightedNode& weighted, Tensor weights);

}  // namespace pare
