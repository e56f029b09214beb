#include "compress/choose_channels.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <unordered_map>

namespace pare {

namespace {

void bind_dynamic(Graph& graph) {
  const auto bind = [](Value& value) {
    for (int axis = 0; axis < value.type.shape.rank(); ++axis)
      if (value.type.shape[axis] == kDynamic) value.type.shape[axis] = 1;
  };
  for (Value* input : graph.inputs) bind(*input);
  (void)infer_types(graph);  // what it leaves unknown counts as 1, too
  for (const auto& value : graph.values()) bind(*value);
}

}  // namespace

NarrowedCost::NarrowedCost(const Graph& graph, const std::vector<ChannelGroup>& groups, OperatorTime time)
    : time_(std::move(time)) {
  Twins mine;
  graph_ = graph.clone(mine);
  bind_dynamic(graph_);
  for (const auto& node : graph_.nodes()) all_nodes_.push_back(node.get());
  for (const auto& value : graph_.values())
    if (value->is_constant() && is_float(value->type.dtype)) all_constants_.push_back(value.get());
  for (const ChannelGroup& group : groups) {
    widths_.push_back(group.channels());
    std::set<const Value*> touched;
    std::vector<Dimension>& dimensions = dimensions_.emplace_back();
    for (const ChannelMember& member : group.members) {
      Value* value = mine.at(member.value);
      touched.insert(value);
      dimensions.push_back({value, member.axis, static_cast<int64_t>(member.elements[0].size())});
    }
    const auto is_touched = [&](const Value* value) { return value != nullptr && touched.contains(value); };
    std::vector<const Node*>& nodes = nodes_.emplace_back();
    for (const Node* node : all_nodes_)
      if (std::ranges::any_of(node->operands, is_touched) || std::ranges::any_of(node->results, is_touched))
        nodes.push_back(node);
    std::vector<const Value*>& constants = constants_.emplace_back();
    std::ranges::copy_if(all_constants_, std::back_inserter(constants), is_touched);
  }
}

double NarrowedCost::sum(const std::vector<const Node*>& nodes, const std::vector<const Value*>& constants,
                         ChannelCost cost) const {
  double all = 0;
  if (cost == ChannelCost::Weights)
    for (const Value* constant : constants) all += static_cast<double>(constant->type.shape.elements());
  else if (cost == ChannelCost::MultiplyAdds)
    for (const Node* node : nodes) all += static_cast<double>(node->op().cost(*node).multiply_adds);
  else
    for (const Node* node : nodes) all += time_(*node);
  return all;
}

double NarrowedCost::total(ChannelCost cost) const { return sum(all_nodes_, all_constants_, cost); }

double NarrowedCost::saved(size_t group, int64_t channels, ChannelCost cost) {
  const double before = sum(nodes_[group], constants_[group], cost);
  remove(group, channels);
  const double after = sum(nodes_[group], constants_[group], cost);
  remove(group, -channels);
  return before - after;
}

void NarrowedCost::remove(size_t group, int64_t channels) {
  widths_[group] -= channels;
  for (const Dimension& each : dimensions_[group]) each.value->type.shape[each.axis] -= channels * each.elements;
}

namespace {

// Kernels work on up to so many channels at a time, so that times fall at some widths and stay between them.
constexpr int64_t kTile = 32;

// The next smaller width; 0: there is none.
int64_t narrower(int64_t width, int64_t multiple) { return (width - 1) / multiple * multiple; }

class Chooser {
 public:
  Chooser(const Graph& graph, const std::vector<ChannelGroup>& groups, const std::vector<ChannelScores>& scores,
          const ChannelChoice& choice)
      : cost_(graph, groups, choice.time), scores_(scores), choice_(choice) {
    for (const ChannelScores& each : scores) {
      std::vector<int64_t>& order = orders_.emplace_back(each.size());
      std::iota(order.begin(), order.end(), int64_t{0});
      std::ranges::stable_sort(order, {}, [&](int64_t channel) { return each[static_cast<size_t>(channel)]; });
    }
    for (const ChannelLimit& limit : choice.limits) before_.push_back(cost_.total(limit.cost));
  }

  ChosenChannels choose() {
    ChosenChannels chosen;
    for (std::vector<size_t> exceeded; !(exceeded = exceeded_limits()).empty();)
      if (!(choice_.budget == ChannelBudget::Global ? remove_cheapest(exceeded) : remove_widest())) break;
    if (choice_.budget == ChannelBudget::Global)
      while (give_back()) continue;
    chosen.left = all_left();
    for (size_t group = 0; group < scores_.size(); ++group) {
      std::vector<int64_t> gone(orders_[group].begin(), orders_[group].begin() + gone_of(group));
      if (gone.empty()) continue;
      std::ranges::sort(gone);
      chosen.leaving.push_back({group, std::move(gone)});
    }
    return chosen;
  }

 private:
  // Of each limited cost, as a share of what was there.
  std::vector<double> all_left() const {
    std::vector<double> left;
    for (size_t limit = 0; limit < before_.size(); ++limit)
      left.push_back(cost_.total(choice_.limits[limit].cost) / before_[limit]);
    return left;
  }
  // As a share of what was there.
  double saved_of(size_t limit, size_t group, int64_t channels) {
    return cost_.saved(group, channels, choice_.limits[limit].cost) / before_[limit];
  }
  std::vector<size_t> exceeded_limits() const {
    const std::vector<double> left = all_left();
    std::vector<size_t> exceeded;
    for (size_t limit = 0; limit < left.size(); ++limit)
      if (left[limit] > choice_.limits[limit].share) exceeded.push_back(limit);
    return exceeded;
  }

  int64_t gone_of(size_t group) const {
    return scores_[group].empty() ? 0 : static_cast<int64_t>(scores_[group].size()) - cost_.width(group);
  }
  int64_t step_of(size_t group) const {
    const int64_t width = cost_.width(group), next = narrower(width, choice_.multiple_of);
    return scores_[group].empty() || next == 0 ? 0 : width - next;
  }

  // How many channels of a group may leave at once: those of the next width, and where times count those of all widths within a tile.
  std::vector<int64_t> cuts_of(size_t group) const {
    std::vector<int64_t> cuts;
    const int64_t width = cost_.width(group);
    for (int64_t cut = step_of(group); cut > 0; cut = width - narrower(width - cut, choice_.multiple_of)) {
      if (cut == width || (!cuts.empty() && (!choice_.time || cut > kTile))) break;
      cuts.push_back(cut);
    }
    return cuts;
  }

  // By the channels of these places in the order in which they leave.
  double lost_by(size_t group, int64_t first, int64_t end) const {
    double lost = 0;
    for (int64_t i = first; i < end; ++i)
      lost += scores_[group][static_cast<size_t>(orders_[group][static_cast<size_t>(i)])];
    return lost;
  }

  // The channels of a group that lose least for what they save of these limits' costs.
  bool remove_cheapest(const std::vector<size_t>& exceeded) {
    std::optional<size_t> best;
    double least = 0;
    int64_t channels = 0;
    for (size_t group = 0; group < scores_.size(); ++group)
      for (const int64_t cut : cuts_of(group)) {
        double saved = 0;
        for (const size_t limit : exceeded) saved += saved_of(limit, group, cut);
        if (saved <= 0) continue;
        const double lost = lost_by(group, gone_of(group), gone_of(group) + cut);
        if (!best || lost / saved < least) best = group, least = lost / saved, channels = cut;
      }
    if (best) cost_.remove(*best, channels);
    return best.has_value();
  }

  // The last step may have saved more than was needed: undoes the one that lost most for what it saved, of those that fit in again.
  bool give_back() {
    const std::vector<double> left = all_left();
    std::optional<size_t> best;
    double most = 0;
    int64_t channels = 0;
    for (size_t group = 0; group < scores_.size(); ++group) {
      if (gone_of(group) == 0) continue;
      const int64_t step = step_back_of(group);
      const std::optional<double> cost = cost_if_it_fits(left, group, step);
      if (!cost) continue;
      const double won = lost_by(group, gone_of(group) - step, gone_of(group));
      const double worth = *cost > 0 ? won / *cost : std::numeric_limits<double>::infinity();
      if (!best || worth > most) best = group, most = worth, channels = step;
    }
    if (best) cost_.remove(*best, -channels);
    return best.has_value();
  }

  // How many channels of a group would come back at once.
  int64_t step_back_of(size_t group) const {
    const int64_t wider = (cost_.width(group) / choice_.multiple_of + 1) * choice_.multiple_of;
    return std::min(wider, static_cast<int64_t>(scores_[group].size())) - cost_.width(group);
  }

  // What they add to what is left, of all limited costs together; nothing where that exceeds a limit.
  std::optional<double> cost_if_it_fits(const std::vector<double>& left, size_t group, int64_t channels) {
    double sum = 0;
    for (size_t limit = 0; limit < before_.size(); ++limit) {
      const double added = -saved_of(limit, group, -channels);
      if (left[limit] + added > choice_.limits[limit].share) return {};
      sum += added;
    }
    return sum;
  }

  // A step of the group that has the largest share of its channels yet.
  bool remove_widest() {
    std::optional<size_t> best;
    double largest = 0;
    for (size_t group = 0; group < scores_.size(); ++group) {
      if (step_of(group) == 0) continue;
      const double share = static_cast<double>(cost_.width(group)) / static_cast<double>(scores_[group].size());
      if (share > largest) best = group, largest = share;
    }
    if (best) cost_.remove(*best, step_of(*best));
    return best.has_value();
  }

  NarrowedCost cost_;
  const std::vector<ChannelScores>& scores_;
  const ChannelChoice& choice_;
  std::vector<std::vector<int64_t>> orders_;
  std::vector<double> before_;  // of the cost of each limit
};

}  // namespace

ChosenChannels choose_channels(const Graph& graph, const std::vector<ChannelGroup>& groups,
                               const std::vector<ChannelScores>& scores, const ChannelChoice& choice) {
  return Chooser(graph, groups, scores, choice).choose();
}

}  // namespace pare
