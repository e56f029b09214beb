// Which channels leave, so that a network keeps to a limit.
#pragma once

#include <vector>

#include "compress/channel_groups.h"
#include "compress/channel_scores.h"

namespace pare {

enum class ChannelLimit { MultiplyAdds, Weights };
enum class ChannelBudget {
  Global,   // of all channels those of the smallest score for what they cost
  Uniform,  // the same share of each group
};
template <>
struct EnumNames<ChannelBudget> {
  static constexpr std::array<std::string_view, 2> names{"global", "uniform"};
};

struct ChannelChoice {
  ChannelLimit limit = ChannelLimit::MultiplyAdds;
  double share = 0.5;  // of multiply-adds of one sample, or of numbers in weights and vectors, that may stay
  ChannelBudget budget = ChannelBudget::Global;
  int64_t multiple_of = 8;  // widths become multiples of it; narrower groups stay
};

// What networks cost as they become narrower: follows shapes, not weights.
class NarrowedCost {
 public:
  // Dynamic extents count as 1.
  NarrowedCost(const Graph& graph, const std::vector<ChannelGroup>& groups);

  double total(ChannelLimit limit) const;  // at present
  // What so many more channels leaving this group save.
  double saved(size_t group, int64_t channels, ChannelLimit limit);
  void remove(size_t group, int64_t channels);
  int64_t width(size_t group) const { return widths_[group]; }

 private:
  struct Dimension {
    Value* value;
    int axis;
    int64_t elements;  // of one channel
  };
  double cost_of_nodes(const std::vector<const Node*>& nodes) const;
  double weights_of(const std::vector<const Value*>& constants) const;

  Graph graph_;
  std::vector<int64_t> widths_;
  std::vector<std::vector<Dimension>> dimensions_;    // of each group
  std::vector<std::vector<const Node*>> nodes_;       // that each group changes
  std::vector<std::vector<const Value*>> constants_;  // likewise
  std::vector<const Node*> all_nodes_;
  std::vector<const Value*> all_constants_;
};

struct ChosenChannels {
  std::vector<LeavingChannels> leaving;  // groups that stay whole are not in it
  double before = 0, after = 0;          // of what is limited; more than the limit where no more can leave
};

// `scores`: of the channels of each group; a group without scores stays.
ChosenChannels choose_channels(const Graph& graph, const std::vector<ChannelGroup>& groups,
                               const std::vector<ChannelScores>& scores, const ChannelChoice& choice);

}  // namespace pare
