// Channels that leave a network together: dependency groups, found by following the ties that operators declare (ir/channel_rule.h).
// Source: Fang et al., "DepGraph: Towards Any Structural Pruning" (2023).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ir/graph.h"

namespace pare {

// What one dimension of a value has of the channels of a group.
struct ChannelMember {
  Value* value;
  int axis;
  ChannelRole role = ChannelRole::Follows;
  Node* node = nullptr;                        // that gives it the role; null: it follows
  Value* source = nullptr;                     // of weights that read: the value that holds the channels
  std::vector<std::vector<int64_t>> elements;  // of each channel, equally many, ascending

  // Whether these are float weights that have this to do with the channels.
  bool is_weights(ChannelRole its) const {
    return role == its && value->is_constant() && value->type.dtype == DType::Float32;
  }
};

// Calls visit(position) for what a constant member has of a channel, positions in its data.
template <class Visit>
void for_each_position(const ChannelMember& member, size_t channel, Visit&& visit) {
  const Shape& shape = member.value->type.shape;
  const int64_t outer = shape.elements(0, member.axis), extent = shape[member.axis],
                inner = shape.elements(member.axis + 1, shape.rank());
  for (const int64_t element : member.elements[channel])
    for (int64_t o = 0; o < outer; ++o)
      for (int64_t i = 0; i < inner; ++i) visit(static_cast<size_t>((o * extent + element) * inner + i));
}

struct ChannelGroup {
  std::string layer;                // that makes the channels: the first of them
  std::vector<std::string> makers;  // all of them
  std::vector<ChannelMember> members;

  int64_t channels() const { return static_cast<int64_t>(members.front().elements.size()); }
};

// Channels of a layer that have to stay.
struct FixedChannels {
  std::string layer;
  int64_t channels = 0;
  std::string reason;
};

struct ChannelGroups {
  std::vector<ChannelGroup> groups;  // in the order in which layers make them; so are the channels of a group
  std::vector<FixedChannels> fixed;
};

// Groups point into the graph. Channels are fixed that inputs, outputs or variables of the graph hold, that an operator has no rule for, and
// those whose number hangs on the batch.
ChannelGroups find_channel_groups(const Graph& graph);

// The same channels in another form of the network: for each group its number there, by the names of values that both forms have. Nothing
// where there is no such group, or where its channels hang together otherwise.
std::vector<std::optional<size_t>> match_groups(const std::vector<ChannelGroup>& groups,
                                                const std::vector<ChannelGroup>& others);

// Channels of one group, by their numbers, ascending.
struct LeavingChannels {
  size_t group = 0;
  std::vector<int64_t> channels;
};

// Takes channels out of weights, vectors and shapes. What they would have given is lost, see steps/fit_narrowed.h. At least one channel of
// each group must stay. The groups point to what the graph was and are of no use afterwards.
Expected<void> remove_channels(Graph& graph, const std::vector<ChannelGroup>& groups,
                               const std::vector<LeavingChannels>& leaving);

}  // namespace pare
