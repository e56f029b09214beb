// Rules for the channels of families of operators, see ir/channel_rule.h.
#pragma once

#include "ir/graph.h"

namespace pare {

// Element by element, broadcast: dimensions of results and operands of the same place and extent.
std::vector<ChannelTie> channels_elementwise(const Node& node);
// The last dimension of the first operand is that of the first result: pooling, resizing.
std::vector<ChannelTie> channels_last(const Node& node);
// The elements keep their order: dimensions that stay; of those that are joined or split the innermost.
std::vector<ChannelTie> channels_view(const Node& node);
// Dimensions of the first operand that the result has at the same place and in the same extent: padding, slices.
std::vector<ChannelTie> channels_unchanged(const Node& node);

// Whether the operand is absent or holds its elements along its last dimension, as biases and factors of channels do.
bool is_vector(const Node& node, size_t operand);
// That dimension of it.
ChannelSlice vector_slice(const Node& node, size_t operand, ChannelRole role = ChannelRole::Follows, int64_t outer = 1,
                          int64_t inner = 1);

// Puts these extents in the place of the operand, a constant of integers; entries of -1, what remains, stay.
void set_extents(Graph& graph, Node& node, size_t operand, const std::vector<int64_t>& extents);
// The same with the shape of the first result, whose dynamic extents keep the entry that they have.
void set_result_shape(Graph& graph, Node& node, size_t operand);

}  // namespace pare
