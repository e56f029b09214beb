#include "steps/narrow.h"

#include <algorithm>
#include <cmath>

#include "compress/channel_magnitudes.h"
#include "engine/evaluate.h"
#include "eval/operator_times.h"
#include "formats/keras/new_widths.h"
#include "ir/verify.h"
#include "passes/inline_composites.h"
#include "passes/passes.h"
#include "passes/pipeline.h"
#include "quant/glob.h"
#include "steps/fit_narrowed.h"
#include "steps/samples.h"
#include "train/channel_taylor.h"
#include "train/trainer.h"

namespace pare {
namespace {

// The network as runtimes see it, and its groups with those of the model that they stand for.
struct Folded {
  Graph graph;
  ChannelGroups found;
  std::vector<std::optional<size_t>> own;  // number of each group in the model's graph; nothing: it stays
};

bool matches_any(const std::vector<std::string>& patterns, const ChannelGroup& group) {
  return std::ranges::any_of(patterns, [&](const std::string& pattern) {
    return std::ranges::any_of(group.makers, [&](const std::string& layer) { return matches_glob(pattern, layer); });
  });
}

Expected<void> check_patterns(const std::vector<ChannelGroup>& groups, const NarrowOptions& options) {
  for (const auto* patterns : {&options.include, &options.exclude})
    for (const std::string& pattern : *patterns)
      if (std::ranges::none_of(groups, [&](const ChannelGroup& group) { return matches_any({pattern}, group); }))
        return bad_input("no layer whose channels can leave is called '{}'; --explain lists those that stay", pattern);
  return {};
}

Expected<Folded> fold(const Graph& own, const ChannelGroups& groups, const NarrowOptions& options,
                      std::vector<FixedChannels>& fixed) {
  Folded folded;
  PARE_ASSIGN(folded.graph, folded_form(own));
  folded.found = find_channel_groups(folded.graph);
  folded.own = match_groups(folded.found.groups, groups.groups);
  for (std::optional<size_t>& number : folded.own) {
    if (!number) continue;
    const ChannelGroup& group = groups.groups[*number];
    const bool out = matches_any(options.exclude, group);
    if (!out && (options.include.empty() || matches_any(options.include, group))) continue;
    fixed.push_back({group.layer, group.channels(), out ? "--exclude names it" : "--include does not name it"});
    number.reset();
  }
  return folded;
}

Expected<std::vector<ChannelScores>> activation_scores(const Folded& folded, const DataView& samples, int threads) {
  std::vector<const ChannelMember*> sources;
  std::vector<size_t> group_of;
  for (size_t i = 0; i < folded.found.groups.size(); ++i)
    for (const ChannelMember& member : folded.found.groups[i].members) {
      const ChannelMember* source =
          member.role == ChannelRole::Reads ? source_of_reader(folded.found.groups[i], member) : nullptr;
      if (source == nullptr || std::ranges::count(sources, source) > 0) continue;
      sources.push_back(source);
      group_of.push_back(i);
    }
  PARE_ASSIGN(const SampleSource source, source_for(folded.graph, samples));
  PARE_ASSIGN(const std::vector<ChannelScores> magnitudes, measure_magnitudes(folded.graph, sources, source, threads));
  std::vector<ChannelScores> scores(folded.found.groups.size());
  for (size_t i = 0; i < sources.size(); ++i) {
    const ChannelScores part = relative(magnitudes[i]);
    ChannelScores& sums = scores[group_of[i]];
    sums.resize(part.size(), 0);
    for (size_t c = 0; c < part.size(); ++c) sums[c] += part[c];
  }
  for (ChannelScores& each : scores)
    if (!each.empty()) each = relative(std::move(each));
  return scores;
}

// Of up to three layers.
std::string reasons(const std::vector<FixedChannels>& fixed) {
  std::string text;
  for (size_t i = 0; i < std::min<size_t>(fixed.size(), 3); ++i)
    text += fmt::format("{}of {} because {}", i == 0 ? ": " : "; ", fixed[i].layer, fixed[i].reason);
  return text + (fixed.size() > 3 ? fmt::format("; and {} more", fixed.size() - 3) : "");
}

Expected<std::vector<ChannelScores>> score(const Folded& folded, const std::vector<ChannelGroup>& own,
                                           const DataView& samples, const NarrowOptions& options,
                                           const std::vector<FixedChannels>& fixed) {
  std::vector<ChannelScores> scores;
  if (options.criterion == ChannelCriterion::Taylor) {
    const Loss loss =
        options.loss.value_or(default_loss(*folded.graph.outputs[0], samples.target() != TargetKind::Value));
    PARE_ASSIGN(scores, taylor_scores(folded.graph, folded.found.groups, samples,
                                      {.loss = loss, .seed = options.seed, .threads = options.threads}));
  } else if (options.criterion == ChannelCriterion::Activation) {
    PARE_ASSIGN(scores, activation_scores(folded, samples, options.threads));
  } else {
    const bool by_norms = options.criterion == ChannelCriterion::BatchNormScale;  // which folding takes away
    for (size_t i = 0; i < folded.own.size(); ++i)
      scores.push_back(by_norms && !folded.own[i]
                           ? ChannelScores()
                           : weight_scores(by_norms ? own[*folded.own[i]] : folded.found.groups[i], options.criterion));
  }
  for (size_t i = 0; i < scores.size(); ++i)
    if (!folded.own[i]) scores[i].clear();
  if (std::ranges::any_of(scores, [](const ChannelScores& each) { return !each.empty(); })) return scores;
  if (options.criterion == ChannelCriterion::BatchNormScale)
    return unsupported(
        "no channels can leave by --channel-criterion bn_scale: the network has no batch normalisation behind them (a .tflite file "
        "has them folded); choose another criterion");
  return unsupported("no channels can leave{}", reasons(fixed));
}

Expected<ModelLatency> latency_of(const Graph& graph) {
  return measure_latency(graph, ModelLatencyOptions{.latency = {.min_seconds = 0.3}});
}

// The least latency of the folded network without these channels: that which other work of the computer disturbs least.
Expected<double> latency_without(const Folded& folded, const std::vector<LeavingChannels>& leaving) {
  Graph graph = folded.graph.clone();
  const ChannelGroups groups = find_channel_groups(graph);
  PARE_TRY(remove_channels(graph, groups.groups, leaving));
  return latency_of(graph).map([](const ModelLatency& measured) { return measured.latency.min; });
}

// Why no more could leave.
std::string narrowest(const ChannelChoice& choice) {
  return choice.multiple_of > 1 ? fmt::format(" with widths of {} and more (--multiple-of)", choice.multiple_of) : "";
}

// Fails where no more channels can leave and a limit is still exceeded; that of the latency is left to what is measured.
Expected<void> check_reached(const ChosenChannels& chosen, const ChannelChoice& choice) {
  for (size_t i = 0; i < choice.limits.size(); ++i) {
    const auto [cost, share] = choice.limits[i];
    if (cost != ChannelCost::Latency && chosen.left[i] > share)
      return unsupported("{:.4g} of the {} was asked for; the least that can be reached is {:.3g}{}", share,
                         cost == ChannelCost::Weights ? "weights" : "multiply-adds",
                         std::ceil(1000 * chosen.left[i]) / 1000, narrowest(choice));
  }
  return {};
}

// Bisects the share of the operators' times until the measured latency of the network, in which they share caches and are fused, is just
// below its limit, the last of the choice.
Expected<ChosenChannels> choose_by_latency(const Folded& folded, const std::vector<ChannelScores>& scores,
                                           ChannelChoice choice, const LayerObserver& observer) {
  constexpr size_t kMeasurements = 7;
  OperatorTimes times;
  choice.time = [&](const Node& node) { return times.of(node); };
  double& limit = choice.limits.back().share;
  const double share = limit;
  PARE_ASSIGN(const double before, latency_without(folded, {}));
  double too_slow = 1, fast_enough = 0, fastest = before;
  std::optional<ChosenChannels> best;
  for (size_t i = 0; i < kMeasurements; ++i) {
    if (observer) observer("timing widths", i, kMeasurements);
    ChosenChannels chosen = choose_channels(folded.graph, folded.found.groups, scores, choice);
    PARE_TRY(check_reached(chosen, choice));
    PARE_ASSIGN(const double now, latency_without(folded, chosen.leaving));
    fastest = std::min(fastest, now);
    const bool all_left = chosen.left.back() > limit;  // that could leave
    if (now <= share * before) {
      fast_enough = limit;
      best = std::move(chosen);
    } else {
      if (all_left) break;
      too_slow = limit;
    }
    limit = (too_slow + fast_enough) / 2;
  }
  if (!best)
    return unsupported(
        "{:.4g} of the latency was asked for; the least that was measured is {:.3g} ({:.4g} of {:.4g} ms){}", share,
        fastest / before, fastest, before, narrowest(choice));
  return std::move(*best);
}

Expected<ChosenChannels> choose(const Folded& folded, const std::vector<ChannelScores>& scores,
                                const NarrowOptions& options) {
  ChannelChoice choice{.limits = {}, .budget = options.budget, .multiple_of = options.multiple_of, .time = {}};
  if (options.macs) choice.limits.push_back({ChannelCost::MultiplyAdds, *options.macs});
  if (options.weights) choice.limits.push_back({ChannelCost::Weights, *options.weights});
  if (options.latency) {
    choice.limits.push_back({ChannelCost::Latency, *options.latency});
    return choose_by_latency(folded, scores, std::move(choice), options.observer);
  }
  ChosenChannels chosen = choose_channels(folded.graph, folded.found.groups, scores, choice);
  PARE_TRY(check_reached(chosen, choice));
  return chosen;
}

// Vectors that a file holds once for several operators, such as biases of zeros.
void separate_vectors(Graph& graph) {
  for (const auto& node : graph.nodes())
    for (Value*& operand : node->operands)
      if (operand != nullptr && operand->is_constant() && operand->type.shape.rank() <= 1 &&
          graph.use_count(operand) > 1)
        operand = graph.add_constant(operand->name, *operand->data, operand->type.quantization);
}

}  // namespace

Expected<void> make_narrowable(Model& model) {
  PARE_TRY(inline_composites(model));
  for (const auto& value : model.main().values())
    if (value->type.is_quantized())
      return unsupported("the tensor '{}' is quantised; prune the float network and quantise it afterwards",
                         value->name);
  PARE_TRY(restore_weights(model.main(), evaluate));  // half precision
  if (model.keras == nullptr) separate_vectors(model.main());
  return {};
}

Expected<Narrowing> narrow(Model& model, const DataView& samples, const NarrowOptions& options) {
  Graph& graph = model.main();
  const ChannelGroups groups = find_channel_groups(graph);
  Narrowing done{.fixed = groups.fixed};
  PARE_TRY(check_patterns(groups.groups, options));
  PARE_ASSIGN(const Folded folded, fold(graph, groups, options, done.fixed));
  PARE_ASSIGN(const std::vector<ChannelScores> scores, score(folded, groups.groups, samples, options, done.fixed));
  PARE_ASSIGN(const ChosenChannels chosen, choose(folded, scores, options));
  std::vector<LeavingChannels> leaving;
  for (const LeavingChannels& each : chosen.leaving) {
    const ChannelGroup& group = groups.groups[*folded.own[each.group]];
    leaving.push_back({*folded.own[each.group], each.channels});
    done.removed.push_back({group.makers, group.channels(), each.channels});
  }
  if (options.refit && !leaving.empty()) {
    PARE_ASSIGN(const SampleSource source, source_for(graph, samples));
    PARE_TRY(fit_narrowed(graph, groups.groups, leaving, source, options.threads, options.observer));
  }
  PARE_TRY(remove_channels(graph, groups.groups, leaving));
  PARE_TRY(verify(graph));
  if (model.keras != nullptr) model.keras = std::make_shared<const KerasOrigin>(with_new_widths(*model.keras, graph));
  return done;
}

Expected<void> refresh_statistics(Model& model, const DataView& samples, Loss loss, const NarrowOptions& options) {
  Graph& network = model.main();
  const auto trainer_options = TrainingGraphOptions{.batch = 32,
                                                    .loss = {.loss = loss},
                                                    .optimizer = {.optimizer = Optimizer::Sgd, .momentum = 0},
                                                    .statistics_momentum = 0.8f,
                                                    .dropout = false,
                                                    .seed = options.seed};
  PARE_ASSIGN(Trainer trainer, Trainer::create(network, trainer_options, options.threads));
  const std::vector<std::string> learned = trainable_constants(network);
  if (std::ranges::all_of(trainer.carried(), [&](const CarriedTensor& each) {
        return each.constant.empty() || std::ranges::count(learned, each.constant) > 0;
      }))
    return {};  // there are no statistics
  Batches batches(samples, {.batch = 32, .seed = options.seed, .drop_last = samples.count() >= 32});
  batches.start(0);
  Shape targets = network.outputs[0]->type.shape;
  for (;;) {
    PARE_ASSIGN(std::optional<Batch> batch, batches.next());
    if (!batch) break;
    targets[0] = batch->size();
    batch->targets = Tensor(DType::Float32, targets);  // nothing is learned from them
    PARE_TRY(trainer.step(*batch, 0));
  }
  trainer.store_into(network);
  return {};
}

Expected<Graph> folded_form(const Graph& network) {
  Graph graph = network.clone();
  PARE_TRY(run_pipeline(graph, Pipeline::Canonical, evaluate));
  return graph;
}

Expected<ModelLatency> latency_of(const Model& model) {
  PARE_ASSIGN(const Graph graph, folded_form(model.main()));
  return latency_of(graph);
}

}  // namespace pare
