// How the channels of an operator's operands and results hang together, as data: what has to leave with what where a network becomes
// narrower.
#pragma once

#include <cstdint>
#include <vector>

namespace pare {

class Graph;
class Node;
struct Value;

// What one value has to do with channels.
enum class ChannelRole {
  Follows,  // activations, biases, statistics: elements that go with their channel
  Makes,    // weights that compute the channels
  Reads,    // weights that the channels are multiplied with and summed over
  Scales,   // a learned factor of each channel
};

// A part of one dimension of a value, seen as channels: channel c of `channels` has the elements begin + (o * channels + c) * inner + i
// with o < outer, i < inner.
struct ChannelSlice {
  Value* value = nullptr;  // null: an optional operand that is absent
  int axis = 0;
  ChannelRole role = ChannelRole::Follows;
  int64_t outer = 1, inner = 1;
  int64_t begin = 0;
};

// Dimensions that lose a channel together: channel c of one is channel c of each.
struct ChannelTie {
  int64_t channels = 0;
  std::vector<ChannelSlice> slices;
};

// The ties between operands and results of a node, whose shapes are those its shape rule gives. Elements of a dimension that no tie
// speaks of have to stay; so has a dynamic extent.
using ChannelRule = std::vector<ChannelTie> (*)(const Node&);

// Brings constants and attributes that hold extents (the shape of a reshape, the sizes of a split) in line with the types of operands
// and results, some of which have become narrower.
using ExtentsRule = void (*)(Graph&, Node&);

}  // namespace pare
