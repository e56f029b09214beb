#include "compress/channel_groups.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>
#include <unordered_map>

#include "ir/weight_chain.h"

namespace pare {
namespace {

// What stands behind a dimension's elements before they are known to belong together: each is a place in one long list.
class Places {
 public:
  explicit Places(const Graph& graph) {
    for (const auto& value : graph.values()) {
      std::vector<size_t>& begins = begins_[value.get()];
      for (const int64_t extent : value->type.shape) {
        begins.push_back(count_);
        count_ += static_cast<size_t>(std::max<int64_t>(extent, 0));
      }
    }
  }

  size_t at(const Value* value, int axis, int64_t element) const {
    return begins_.at(value)[static_cast<size_t>(axis)] + static_cast<size_t>(element);
  }
  size_t count() const { return count_; }

 private:
  std::unordered_map<const Value*, std::vector<size_t>> begins_;
  size_t count_ = 0;
};

// Disjoint sets of places; the reason why one has to stay is that of its whole set.
class Sets {
 public:
  explicit Sets(size_t count) : parent_(count), reason_(count, 0) { std::iota(parent_.begin(), parent_.end(), 0u); }

  size_t root(size_t at) {
    while (parent_[at] != at) at = parent_[at] = parent_[parent_[at]];
    return at;
  }
  void join(size_t a, size_t b) {
    a = root(a), b = root(b);
    if (a == b) return;
    if (b < a) std::swap(a, b);
    parent_[b] = static_cast<uint32_t>(a);
    if (reason_[a] == 0) reason_[a] = reason_[b];
  }
  void fix(size_t at, std::string reason) {
    uint32_t& mine = reason_[root(at)];
    if (mine != 0) return;
    if (reasons_.back() != reason) reasons_.push_back(std::move(reason));
    mine = static_cast<uint32_t>(reasons_.size() - 1);
  }
  bool is_fixed(size_t root) const { return reason_[root] != 0; }
  const std::string& reason(size_t root) const { return reasons_[reason_[root]]; }

 private:
  std::vector<uint32_t> parent_, reason_;
  std::vector<std::string> reasons_{""};
};

struct Role {
  ChannelRole role;
  Node* node;
  Value* source;
};

using Dimension = std::pair<Value*, int>;

// A set of places as dimensions, in the order of the graph's values, with its elements of each.
struct Unit {
  std::vector<std::pair<Dimension, std::vector<int64_t>>> parts;
};

class Finder {
 public:
  explicit Finder(const Graph& graph) : graph_(graph), places_(graph), sets_(places_.count()) {}

  ChannelGroups find() {
    for (const auto& value : graph_.values()) fix_ends(*value);
    for (const auto& node : graph_.nodes()) tie(*node);
    collect_units();
    return grouped();
  }

 private:
  void fix(const Value& value, const std::string& reason) {
    for (int axis = 0; axis < value.type.shape.rank(); ++axis)
      for (int64_t i = 0; i < value.type.shape[axis]; ++i) sets_.fix(places_.at(&value, axis, i), reason);
  }

  void fix_ends(const Value& value) {
    if (graph_.is_output(&value)) fix(value, fmt::format("'{}' is an output of the network", value.name));
    if (graph_.is_input(&value)) fix(value, fmt::format("'{}' is an input of the network", value.name));
    if (value.is_variable) fix(value, fmt::format("'{}' is state of the network", value.name));
  }

  // Elements of the slice of one channel.
  template <class Visit>
  static void visit(const ChannelTie& tie, const ChannelSlice& slice, int64_t channel, Visit&& see) {
    for (int64_t o = 0; o < slice.outer; ++o)
      for (int64_t i = 0; i < slice.inner; ++i) see(slice.begin + (o * tie.channels + channel) * slice.inner + i);
  }

  void tie(Node& node) {
    const std::vector<ChannelTie> ties =
        node.op().channels == nullptr ? std::vector<ChannelTie>() : node.op().channels(node);
    std::map<Dimension, std::vector<bool>> spoken_of;
    for (const ChannelTie& each : ties)
      if (each.channels > 1) follow(node, each, spoken_of);
    const std::string reason = node.op().channels == nullptr
                                   ? fmt::format("{} '{}' needs all channels", node.op().name, node.name)
                                   : fmt::format("{} '{}' needs this dimension as it is", node.op().name, node.name);
    for (const auto* values : {&node.operands, &node.results})
      for (Value* value : *values)
        if (value != nullptr) fix_rest(*value, spoken_of, reason);
  }

  void follow(Node& node, const ChannelTie& tie, std::map<Dimension, std::vector<bool>>& spoken_of) {
    Value* source = nullptr;
    for (const ChannelSlice& slice : tie.slices)
      if (slice.value != nullptr && !slice.value->is_constant() && slice.role == ChannelRole::Follows)
        source = slice.value;
    std::optional<size_t> first;  // of each channel the first place
    const ChannelSlice* reference = nullptr;
    for (const ChannelSlice& slice : tie.slices) {
      if (slice.value == nullptr || slice.value->type.shape[slice.axis] == kDynamic) continue;
      std::vector<bool>& seen = spoken_of[{slice.value, slice.axis}];
      const int64_t extent = slice.value->type.shape[slice.axis];
      PARE_CHECK(slice.begin + slice.outer * tie.channels * slice.inner <= extent, "channels of {}", describe(node));
      seen.resize(static_cast<size_t>(extent));
      if (slice.role != ChannelRole::Follows)
        roles_.try_emplace({untransformed(slice.value), slice.axis}, Role{slice.role, &node, source});
      for (int64_t c = 0; c < tie.channels; ++c)
        visit(tie, slice, c, [&](int64_t element) {
          seen[static_cast<size_t>(element)] = true;
          const ChannelSlice& to = reference == nullptr ? slice : *reference;
          const int64_t anchor = to.begin + c * to.inner;
          sets_.join(places_.at(to.value, to.axis, anchor), places_.at(slice.value, slice.axis, element));
        });
      if (reference == nullptr) reference = &slice;
    }
  }

  void fix_rest(const Value& value, const std::map<Dimension, std::vector<bool>>& spoken_of,
                const std::string& reason) {
    for (int axis = 0; axis < value.type.shape.rank(); ++axis) {
      const auto found = spoken_of.find({const_cast<Value*>(&value), axis});
      for (int64_t i = 0; i < value.type.shape[axis]; ++i)
        if (found == spoken_of.end() || !found->second[static_cast<size_t>(i)])
          sets_.fix(places_.at(&value, axis, i), reason);
    }
  }

  void collect_units() {
    for (const auto& value : graph_.values())
      for (int axis = 0; axis < value->type.shape.rank(); ++axis)
        for (int64_t i = 0; i < value->type.shape[axis]; ++i) {
          Unit& unit = units_[sets_.root(places_.at(value.get(), axis, i))];
          const Dimension dimension{value.get(), axis};
          if (unit.parts.empty() || unit.parts.back().first != dimension) unit.parts.push_back({dimension, {}});
          unit.parts.back().second.push_back(i);
        }
  }

  const Role* role_of(const Dimension& dimension) const {
    const auto found = roles_.find(dimension);
    return found == roles_.end() ? nullptr : &found->second;
  }

  static bool makes(const Role* role, const Dimension& dimension) {
    return role != nullptr && role->role == ChannelRole::Makes && dimension.first->is_constant();
  }

  // Units of the same dimensions, in the order in which the nodes that make them stand in the graph.
  ChannelGroups grouped() {
    for (const auto& node : graph_.nodes()) order_.emplace(node.get(), order_.size());
    using Signature = std::vector<std::pair<Dimension, size_t>>;
    std::map<Signature, std::vector<const Unit*>> alike;
    std::map<std::pair<size_t, std::string>, FixedChannels> fixed;
    for (const auto& [root, unit] : units_) {
      Signature signature;
      const Node* maker = nullptr;
      for (const auto& [dimension, elements] : unit.parts) {
        signature.emplace_back(dimension, elements.size());
        const Role* role = role_of(dimension);
        if (makes(role, dimension) && (maker == nullptr || order_.at(role->node) < order_.at(maker)))
          maker = role->node;
      }
      if (maker == nullptr) continue;
      if (sets_.is_fixed(root)) {
        FixedChannels& known = fixed[{order_.at(maker), sets_.reason(root)}];
        known = {maker->name, known.channels + 1, sets_.reason(root)};
      } else {
        alike[signature].push_back(&unit);
      }
    }
    ChannelGroups found;
    for (auto& [key, each] : fixed) found.fixed.push_back(std::move(each));
    for (const auto& [signature, units] : alike) found.groups.push_back(group_of(units));
    const auto place = [&](const ChannelGroup& group) {
      const ChannelMember& first = *leading_member(group);
      return std::pair(order_.at(first.node), first.elements[0][0]);
    };
    std::ranges::stable_sort(found.groups, {}, place);
    return found;
  }

  // The weights that make the channels first.
  const ChannelMember* leading_member(const ChannelGroup& group) const {
    const ChannelMember* first = nullptr;
    for (const ChannelMember& member : group.members)
      if (member.role == ChannelRole::Makes && member.value->is_constant() &&
          (first == nullptr || order_.at(member.node) < order_.at(first->node)))
        first = &member;
    return first;
  }

  ChannelGroup group_of(const std::vector<const Unit*>& units) const {
    ChannelGroup group;
    std::map<size_t, std::string> makers;
    for (size_t i = 0; i < units[0]->parts.size(); ++i) {
      const Dimension& dimension = units[0]->parts[i].first;
      ChannelMember member{dimension.first, dimension.second};
      if (const Role* role = role_of(dimension)) {
        member.role = role->role;
        member.node = role->node;
        if (role->role == ChannelRole::Reads) member.source = role->source;
        if (makes(role, dimension)) makers[order_.at(role->node)] = role->node->name;
      }
      for (const Unit* unit : units) member.elements.push_back(unit->parts[i].second);
      group.members.push_back(std::move(member));
    }
    for (auto& [place, name] : makers) group.makers.push_back(std::move(name));
    group.layer = group.makers.front();
    sort_channels(group);
    return group;
  }

  // As the leading weights have them.
  void sort_channels(ChannelGroup& group) const {
    const std::vector<std::vector<int64_t>> leading = leading_member(group)->elements;
    std::vector<size_t> order(leading.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::ranges::sort(order, {}, [&](size_t channel) { return leading[channel][0]; });
    for (ChannelMember& member : group.members) {
      std::vector<std::vector<int64_t>> sorted;
      for (const size_t channel : order) sorted.push_back(std::move(member.elements[channel]));
      member.elements = std::move(sorted);
    }
  }

  const Graph& graph_;
  Places places_;
  Sets sets_;
  std::map<Dimension, Role> roles_;
  std::map<size_t, Unit> units_;
  std::unordered_map<const Node*, size_t> order_;
};

// The elements along an axis that stay.
Tensor gathered(const Tensor& tensor, int axis, const std::vector<int64_t>& kept) {
  Shape shape = tensor.shape();
  const int64_t extent = shape[axis];
  shape[axis] = static_cast<int64_t>(kept.size());
  Tensor result(tensor.dtype(), shape);
  const auto width = static_cast<size_t>(bit_width(tensor.dtype()) / 8);
  const auto inner = static_cast<size_t>(shape.elements(axis + 1, shape.rank())) * width;
  const int64_t outer = shape.elements(0, axis);
  std::byte* to = result.mutable_bytes().data();
  for (int64_t o = 0; o < outer; ++o)
    for (const int64_t element : kept) {
      std::memcpy(to, tensor.bytes().data() + static_cast<size_t>(o * extent + element) * inner, inner);
      to += inner;
    }
  return result;
}

}  // namespace

ChannelGroups find_channel_groups(const Graph& graph) { return Finder(graph).find(); }

std::vector<std::optional<size_t>> match_groups(const std::vector<ChannelGroup>& groups,
                                                const std::vector<ChannelGroup>& others) {
  using Place = std::tuple<std::string_view, int, int64_t>;  // where the first channel lies
  std::map<Place, std::pair<size_t, const ChannelMember*>> known;
  const auto place = [](const ChannelMember& member) {
    return Place{member.value->name, member.axis, member.elements[0][0]};
  };
  for (size_t i = 0; i < others.size(); ++i)
    for (const ChannelMember& member : others[i].members)
      if (!member.value->is_constant()) known[place(member)] = {i, &member};
  std::vector<std::optional<size_t>> found;
  for (const ChannelGroup& group : groups) {
    std::optional<size_t> match;
    bool differs = false;
    for (const ChannelMember& member : group.members) {
      const auto at = member.value->is_constant() ? known.end() : known.find(place(member));
      if (at == known.end()) continue;
      const auto& [other, its] = at->second;
      differs |= its->elements != member.elements || (match && *match != other);
      match = other;
    }
    found.push_back(differs ? std::nullopt : match);
  }
  return found;
}

Expected<void> remove_channels(Graph& graph, const std::vector<ChannelGroup>& groups,
                               const std::vector<LeavingChannels>& leaving) {
  std::map<Dimension, std::vector<bool>> leave;
  for (const LeavingChannels& each : leaving) {
    const ChannelGroup& group = groups[each.group];
    PARE_CHECK(static_cast<int64_t>(each.channels.size()) < group.channels(), "no channel of {} is left", group.layer);
    for (const ChannelMember& member : group.members) {
      std::vector<bool>& gone = leave[{member.value, member.axis}];
      gone.resize(static_cast<size_t>(member.value->type.shape[member.axis]));
      for (const int64_t channel : each.channels)
        for (const int64_t element : member.elements[static_cast<size_t>(channel)])
          gone[static_cast<size_t>(element)] = true;
    }
  }
  for (const auto& [dimension, gone] : leave) {
    const auto [value, axis] = dimension;
    std::vector<int64_t> kept;
    for (size_t i = 0; i < gone.size(); ++i)
      if (!gone[i]) kept.push_back(static_cast<int64_t>(i));
    value->type.shape[axis] = static_cast<int64_t>(kept.size());
    if (value->is_constant()) value->data = gathered(*value->data, axis, kept);
  }
  for (const auto& node : graph.nodes())
    if (node->op().extents != nullptr) node->op().extents(graph, *node);
  return infer_types(graph);
}

}  // namespace pare
