// How much the channels of a group matter.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "compress/channel_groups.h"

namespace pare {

enum class ChannelCriterion { Taylor, L1, L2, GeometricMedian, BatchNormScale, Activation };
template <>
struct EnumNames<ChannelCriterion> {
  static constexpr std::array<std::string_view, 6> names{"taylor",           "l1",       "l2",
                                                         "geometric_median", "bn_scale", "activation"};
};

// Not negative; the smallest leave first.
using ChannelScores = std::vector<double>;

// From the weights of a group alone; each member counts by its mean over the channels, so that scores are around 1.
// l1, l2: norms of what makes and what reads a channel (Li et al. 2017, over the group as in DepGraph).
// geometric_median: the sum of the distances of what makes it to what makes the others (FPGM, He et al. 2019).
// bn_scale: the magnitude of its factor in normalisations (network slimming, Liu et al. 2017); empty where it has none.
ChannelScores weight_scores(const ChannelGroup& group, ChannelCriterion criterion);

// For a member that is constant and float: the sum over the elements of each channel of what `term` gives for a position in its data.
template <class Term>
ChannelScores sums_over(const ChannelMember& member, Term&& term) {
  ChannelScores sums(member.elements.size(), 0);
  for (size_t channel = 0; channel < sums.size(); ++channel)
    for_each_position(member, channel, [&](size_t position) { sums[channel] += term(position); });
  return sums;
}

// Divided by their mean; as they are where that is 0.
ChannelScores relative(ChannelScores scores);

}  // namespace pare
