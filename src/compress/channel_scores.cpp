#include "compress/channel_scores.h"

#include <cmath>
#include <numeric>

namespace pare {
namespace {

ChannelScores norms(const ChannelMember& member, ChannelCriterion criterion) {
  const auto values = member.value->data->values<float>();
  if (criterion == ChannelCriterion::L1)
    return sums_over(member, [&](size_t at) { return std::abs(static_cast<double>(values[at])); });
  ChannelScores squares = sums_over(member, [&](size_t at) { return static_cast<double>(values[at]) * values[at]; });
  for (double& each : squares) each = std::sqrt(each);
  return squares;
}

// Sums of distances between what makes each channel and what makes the others, from |a - b|^2 = |a|^2 + |b|^2 - 2 ab.
ChannelScores distances(const ChannelMember& member) {
  const auto values = member.value->data->values<float>();
  std::vector<std::vector<float>> filters(member.elements.size());
  size_t channel = 0;
  for (const std::vector<int64_t>& elements : member.elements) {
    const ChannelMember one{member.value, member.axis, member.role, member.node, nullptr, {elements}};
    std::vector<float>& filter = filters[channel++];
    sums_over(one, [&](size_t at) {
      filter.push_back(values[at]);
      return 0.;
    });
  }
  ChannelScores sums(filters.size(), 0);
  for (size_t a = 0; a < filters.size(); ++a)
    for (size_t b = 0; b < a; ++b) {
      double square = 0;
      for (size_t i = 0; i < filters[a].size(); ++i) {
        const double difference = filters[a][i] - filters[b][i];
        square += difference * difference;
      }
      sums[a] += std::sqrt(square);
      sums[b] += std::sqrt(square);
    }
  return sums;
}

}  // namespace

ChannelScores relative(ChannelScores scores) {
  const double mean = std::accumulate(scores.begin(), scores.end(), 0.) / static_cast<double>(scores.size());
  if (mean > 0)
    for (double& each : scores) each /= mean;
  return scores;
}

ChannelScores weight_scores(const ChannelGroup& group, ChannelCriterion criterion) {
  ChannelScores sums;
  const auto add = [&](ChannelScores scores) {
    scores = relative(std::move(scores));
    sums.resize(scores.size(), 0);
    for (size_t c = 0; c < scores.size(); ++c) sums[c] += scores[c];
  };
  for (const ChannelMember& member : group.members) {
    const bool made = member.is_weights(ChannelRole::Makes), read = member.is_weights(ChannelRole::Reads);
    const bool by_norm = criterion == ChannelCriterion::L1 || criterion == ChannelCriterion::L2;
    if (by_norm && (made || read)) add(norms(member, criterion));
    if (criterion == ChannelCriterion::GeometricMedian && made) add(distances(member));
    if (criterion == ChannelCriterion::BatchNormScale && member.is_weights(ChannelRole::Scales))
      add(norms(member, ChannelCriterion::L1));
  }
  return sums.empty() ? sums : relative(std::move(sums));
}

}  // namespace pare
