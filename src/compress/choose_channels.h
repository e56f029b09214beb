// Which channels leave, so that a network keeps to a limit.
#pragma once

#include <functional>
#include <vector>

#include "compress/channel_groups.h"
#include "compress/channel_scores.h"

namespace pare {

// Of multiply-adds of one sample, of numbers in weights and vectors, of the times of all operators.
enum class ChannelCost { MultiplyAdds, Weights, Latency };

// What may stay of a cost.
struct ChannelLimit {
  ChannelCost cost = ChannelCost::MultiplyAdds;
  double share = 0.5;
};

// How long a node takes for one sample, by the present shapes of its values, in any unit.
using OperatorTime = std::function<double(const Node&)>;

enum class ChannelBudget {
  Global,   // of all channels those of the smallest score for what they cost
  Uniform,  // the same share of each group
};
template <>
struct EnumNames<ChannelBudget> {
  static constexpr std::array<std::string_view, 2> names{"global", "uniform"};
};

struct ChannelChoice {
  std::vector<ChannelLimit> limits{ChannelLimit()};  // which hold together
  ChannelBudget budget = ChannelBudget::Global;
  int64_t multiple_of = 8;  // widths become multiples of it; narrower groups stay
  OperatorTime time;        // for ChannelCost::Latency alone; none: no time is limited
};

// What networks cost as they become narrower: follows shapes, not weights.
class NarrowedCost {
 public:
  // Dynamic extents count as 1. `time` is asked for ChannelCost::Latency alone.
  NarrowedCost(const Graph& graph, const std::vector<ChannelGroup>& groups, OperatorTime time = {});

  double total(ChannelCost cost) const;  // at present
  // What so many more channels leaving this group save.
  double saved(size_t group, int64_t channels, ChannelCost cost);
  void remove(size_t group, int64_t channels);
  int64_t width(size_t group) const { return widths_[group]; }

 private:
  struct Dimension {
    Value* value;
    int axis;
    int64_t elements;  // of one channel
  };
  double sum(const std::vector<const Node*>& nodes, const std::vector<const Value*>& constants, ChannelCost cost) const;

  Graph graph_;
  OperatorTime time_;
  std::vector<int64_t> widths_;
  std::vector<std::vector<Dimension>> dimensions_;    // of each group
  std::vector<std::vector<const Node*>> nodes_;       // that each group changes
  std::vector<std::vector<const Value*>> constants_;  // likewise
  std::vector<const Node*> all_nodes_;
  std::vector<const Value*> all_constants_;
};

struct ChosenChannels {
  std::vector<LeavingChannels> leaving;  // groups that stay whole are not in it
  std::vector<double> left;              // share of each limited cost; more than the limit where no more can leave
};

// `scores`: of the channels of each group; a group without scores stays. Channels leave that lose least for what they save of all costs
// whose limits are still exceeded; with times of operators as in NetAdapt (Yang et al., 2018).
ChosenChannels choose_channels(const Graph& graph, const std::vector<ChannelGroup>& groups,
                               const std::vector<ChannelScores>& scores, const ChannelChoice& choice);

}  // namespace pare
