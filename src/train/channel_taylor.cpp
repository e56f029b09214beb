#include "train/channel_taylor.h"

#include <algorithm>

#include "eval/metrics.h"
#include "train/scorer.h"
#include "train/trainer.h"

namespace pare {
namespace {

// A step of plain descent at this rate tells the gradient: what the weights were less what they are, by the rate.
constexpr double kRate = 16;

// The weights whose part a channel is judged by: those that read it, or where no layer does those that make it.
std::vector<const ChannelMember*> judged_by(const ChannelGroup& group) {
  for (const ChannelRole role : {ChannelRole::Reads, ChannelRole::Makes}) {
    std::vector<const ChannelMember*> found;
    for (const ChannelMember& member : group.members)
      if (member.is_weights(role)) found.push_back(&member);
    if (!found.empty()) return found;
  }
  return {};
}

// The class that the network gives each sample.
Expected<std::vector<int32_t>> own_labels(const Graph& network, const DataView& samples, const TaylorOptions& options) {
  if (options.loss != Loss::CrossEntropy)
    return unsupported(
        "the samples have no targets, and the network gives no classes to take in their place; choose another --channel-criterion");
  PARE_ASSIGN(Scorer scorer, Scorer::create(network, options.loss, {}, options.threads));
  PARE_ASSIGN(const std::vector<Tensor> scores, scorer.run(samples.source()));
  const int64_t classes = scores[0].shape()[-1];
  const auto values = scores[0].values<float>();
  std::vector<int32_t> labels;
  for (size_t row = 0; row < values.size(); row += static_cast<size_t>(classes))
    labels.push_back(static_cast<int32_t>(arg_max(values.subspan(row, static_cast<size_t>(classes)))));
  return labels;
}

void add_squares(Trainer& trainer, const std::vector<Tensor>& before, const std::vector<ChannelGroup>& groups,
                 std::vector<ChannelScores>& scores) {
  for (size_t i = 0; i < groups.size(); ++i) {
    ChannelScores sums(scores[i].size(), 0);
    for (const ChannelMember* member : judged_by(groups[i])) {
      size_t place = 0;
      while (place < before.size() && trainer.carried()[place].name != member->value->name) ++place;
      if (place == before.size()) continue;
      const auto was = before[place].values<float>(),
                 is = std::as_const(*trainer.carried(member->value->name)).values<float>();
      const ChannelScores part =
          sums_over(*member, [&](size_t at) { return (static_cast<double>(was[at]) - is[at]) / kRate * was[at]; });
      for (size_t c = 0; c < part.size(); ++c) sums[c] += part[c];
    }
    for (size_t c = 0; c < sums.size(); ++c) scores[i][c] += sums[c] * sums[c];
  }
}

}  // namespace

Expected<std::vector<ChannelScores>> taylor_scores(const Graph& network, const std::vector<ChannelGroup>& groups,
                                                   const DataView& samples, const TaylorOptions& options) {
  const bool labelled = samples.target() != TargetKind::None;
  std::vector<int32_t> labels;
  if (!labelled) { PARE_ASSIGN(labels, own_labels(network, samples, options)); }
  PARE_ASSIGN(Trainer trainer, Trainer::create(network,
                                               {.batch = options.batch,
                                                .loss = {.loss = options.loss},
                                                .optimizer = {.optimizer = Optimizer::Sgd, .momentum = 0},
                                                .dropout = false,
                                                .seed = options.seed},
                                               options.threads));
  std::vector<Tensor> before;
  for (const Tensor& each : trainer.state()) before.push_back(own_copy(each));
  std::vector<ChannelScores> scores;
  for (const ChannelGroup& group : groups)
    scores.emplace_back(judged_by(group).empty() ? 0 : static_cast<size_t>(group.channels()), 0.);
  Batches batches(samples,
                  {.batch = options.batch, .seed = options.seed, .drop_last = samples.count() >= options.batch});
  batches.start(0);
  for (;;) {
    PARE_ASSIGN(std::optional<Batch> batch, batches.next());
    if (!batch) return scores;
    if (!labelled) {
      std::vector<int32_t> own;
      for (const int64_t sample : batch->samples) own.push_back(labels[static_cast<size_t>(sample)]);
      batch->targets = Tensor::vector(own);
    }
    PARE_TRY(trainer.step(*batch, kRate));
    add_squares(trainer, before, groups, scores);
    PARE_TRY(trainer.restore(before, 0));
  }
}

}  // namespace pare
