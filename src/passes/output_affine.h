// What is done to each output channel of a node with weights directly behind their product: its bias, and a batch normalisation that alone
// reads it.
#pragma once

#include <vector>

#include "ir/graph.h"

namespace pare {

// The factor of each channel; nothing where no normalisation with constant parameters follows.
std::optional<std::vector<float>> output_scale(const Graph& graph, const Node& node);
// Likewise, whether or not the node's own activation lies between.
std::optional<std::vector<float>> result_scale(const Graph& graph, const Node& node);

// What an addition, which alone reads the node or its normalisation, adds to that, of the same shape; null where there is none, or the node's own
// activation lies between.
const Value* added_to_output(const Graph& graph, const Node& node);

// The constant that moves the mean of each channel: the bias, or the mean that a normalisation subtracts. Null where there is neither.
struct OutputShift {
  Node* owner = nullptr;
  size_t operand = 0;
  float sign = 1;  // of what it does to the output

  Value* constant() const { return owner->operands[operand]; }
};
std::optional<OutputShift> output_shift(const Graph& graph, Node& node);

// Adds to the output; a constant that others read, too, is copied first.
void shift_output(Graph& graph, const OutputShift& shift, const std::vector<double>& by);

}  // namespace pare
