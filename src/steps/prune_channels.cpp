#include "steps/prune_channels.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <unordered_map>

#include "formats/formats.h"
#include "quant/roles.h"
#include "steps/samples.h"
#include "train/bind_batch.h"
#include "train/checkpoint.h"

namespace pare {
namespace {

constexpr const char* kRound = "structured_round";  // of a model in a checkpoint: the removals that it has behind it

// What the course of a run hangs on beside what train() knows of.
std::map<std::string, std::string> settings_of(const PruneChannelsOptions& options, int64_t round) {
  const NarrowOptions& narrow = options.narrow;
  const auto share = [](const std::optional<double>& value) { return value ? fmt::format("{}", *value) : "free"; };
  return {{"criterion", std::string(to_string(narrow.criterion))},
          {"budget", std::string(to_string(narrow.budget))},
          {"limits", fmt::format("multiply-adds {}, weights {}, latency {}", share(narrow.macs), share(narrow.weights),
                                 share(narrow.latency))},
          {"multiple_of", fmt::format("{}", narrow.multiple_of)},
          {"refit", fmt::format("{}", narrow.refit)},
          {"judged_samples", fmt::format("{}", options.samples)},
          {"round", fmt::format("{} of {}", round, options.rounds)},
          {"include", fmt::format("{}", fmt::join(narrow.include, " "))},
          {"exclude", fmt::format("{}", fmt::join(narrow.exclude, " "))}};
}

// The share of what is there that a round, counted from 1 on, leaves, so that all of them leave `share`; `present` is the share that is
// there yet.
std::optional<double> share_of_round(const std::optional<double>& share, int64_t round, int64_t rounds,
                                     double present) {
  if (!share) return {};
  return std::min(1.0, std::pow(*share, static_cast<double>(round) / static_cast<double>(rounds)) / present);
}

struct Sizes {
  std::vector<std::string> order;
  std::unordered_map<std::string, NarrowedLayer::Size> layers;
  NarrowedLayer::Size total;
};

// Of one sample. Layers are those of the model, all of them together count as runtimes see the network, folded.
Expected<Sizes> sizes_of(const Graph& network) {
  Sizes sizes;
  PARE_ASSIGN(Graph graph, folded_form(network));
  PARE_TRY(bind_batch(graph, 1));
  for (const auto& value : graph.values())
    if (value->is_constant() && is_float(value->type.dtype)) sizes.total.weights += value->type.shape.elements();
  for (const auto& node : graph.nodes()) sizes.total.multiply_adds += node->op().cost(*node).multiply_adds;
  graph = network.clone();
  PARE_TRY(bind_batch(graph, 1));
  for (const auto& node : graph.nodes()) {
    const int64_t multiply_adds = node->op().cost(*node).multiply_adds;
    const QuantRule& rule = node->op().quantization;
    const Value* weights = rule.weights < 0 ? nullptr : node->operand(static_cast<size_t>(rule.weights));
    if (weights == nullptr) continue;
    NarrowedLayer::Size& size = sizes.layers[node->name];
    size = {node->result()->type.shape[-1], multiply_adds, weights->type.shape.elements()};
    sizes.total.channels += size.channels;
    sizes.order.push_back(node->name);
  }
  return sizes;
}

// The removals behind the run that a checkpoint keeps, and the network that it has.
Expected<std::pair<int64_t, Model>> kept_round(const std::string& path) {
  PARE_ASSIGN(Model kept, read_model(path));
  const auto found = kept.extras.find(kRound);
  const auto* text = found == kept.extras.end() ? nullptr : std::get_if<std::string>(&found->second);
  int64_t round = 0;
  if (text != nullptr) std::from_chars(text->data(), text->data() + text->size(), round);
  if (round < 1) return bad_input("{} keeps a run of another kind; without --resume a run begins", path);
  return std::pair(round, std::move(kept));
}

class Run {
 public:
  Run(const Model& original, const DataSet& set, const PruneChannelsOptions& options, const TrainObserver& observer)
      : original_(original), set_(set), options_(options), observer_(observer) {}

  Expected<PruneChannelsResult> go() {
    result_.model = original_.clone();
    drop_training(result_.model);
    PARE_TRY(make_narrowable(result_.model));
    PARE_ASSIGN(before_, sizes_of(result_.model.main()));
    PARE_ASSIGN(result_.latency_before, latency_of(result_.model));
    PARE_ASSIGN(samples_, judged_samples());
    int64_t round = 1;
    bool kept = false;
    if (options_.train.resume && std::filesystem::exists(options_.train.checkpoint)) {
      PARE_ASSIGN(auto found, kept_round(options_.train.checkpoint));
      round = found.first;
      result_.fixed = find_channel_groups(result_.model.main()).fixed;
      result_.model = std::move(found.second);
      drop_training(result_.model);
      kept = true;
    }
    for (; round <= options_.rounds; ++round, kept = false) {
      if (!kept) PARE_TRY(remove(round));
      if (options_.train.epochs == 0) continue;
      if (options_.on_removal) {
        PARE_ASSIGN(const Sizes now, sizes_of(result_.model.main()));
        options_.on_removal({"all", before_.total, now.total});
      }
      PARE_TRY(train_round(round, kept));
    }
    result_.model.extras.erase(kRound);
    PARE_ASSIGN(const Sizes after, sizes_of(result_.model.main()));
    compare(after);
    PARE_ASSIGN(result_.latency_after, latency_of(result_.model));
    return std::move(result_);
  }

 private:
  Expected<DataView> judged_samples() {
    PARE_ASSIGN(const DataView all, calibration_samples(set_, options_.samples));
    PARE_ASSIGN(const DataView ordered, in_order_of(result_.model.main(), all));
    return options_.teaching.use_labels ? ordered : ordered.without_target();
  }

  Expected<void> remove(int64_t round) {
    NarrowOptions narrowing = options_.narrow;
    PARE_ASSIGN(const Sizes present, sizes_of(result_.model.main()));
    const auto limit = [&](std::optional<double>& share, double is_there) {
      share = share_of_round(share, round, options_.rounds, is_there);
    };
    const auto part = [](int64_t now, int64_t before) {
      return static_cast<double>(now) / static_cast<double>(before);
    };
    limit(narrowing.macs, part(present.total.multiply_adds, before_.total.multiply_adds));
    limit(narrowing.weights, part(present.total.weights, before_.total.weights));
    // What was missed of the latency, which is measured anew, is not made up for.
    limit(narrowing.latency, std::pow(narrowing.latency.value_or(1), part(round - 1, options_.rounds)));
    if (options_.train.loss) narrowing.loss = options_.train.loss;
    PARE_ASSIGN(Narrowing done, narrow(result_.model, *samples_, narrowing));
    result_.fixed = std::move(done.fixed);
    result_.removed.push_back(std::move(done.removed));
    if (narrowing.refit) return {};  // which makes up for the means
    const Loss loss = loss_of(*result_.model.main().outputs[0], *samples_, options_.train);
    return refresh_statistics(result_.model, *samples_, loss, narrowing);
  }

  Expected<void> train_round(int64_t round, bool take_up) {
    TrainOptions training = options_.train;
    training.settings = settings_of(options_, round);
    training.resume = take_up || (training.resume && round == 1);
    PARE_TRY(teach_itself(original_, set_, options_.teaching, training));
    result_.model.extras[kRound] = fmt::format("{}", round);
    PARE_ASSIGN(result_.training, train(result_.model, set_, training, observer_));
    result_.model = std::exchange(result_.training->model, Model());
    return {};
  }

  void compare(const Sizes& after) {
    for (const std::string& name : before_.order)
      if (const auto now = after.layers.find(name); now != after.layers.end())
        result_.layers.push_back({name, before_.layers.at(name), now->second});
    result_.whole = {"all", before_.total, after.total};
  }

  const Model& original_;
  const DataSet& set_;
  const PruneChannelsOptions& options_;
  const TrainObserver& observer_;
  std::optional<DataView> samples_;
  Sizes before_;
  PruneChannelsResult result_;
};

}  // namespace

Expected<PruneChannelsResult> prune_channels(const Model& model, const DataSet& set,
                                             const PruneChannelsOptions& options, const TrainObserver& observer) {
  return Run(model, set, options, observer).go();
}

}  // namespace pare
