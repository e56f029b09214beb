#include "steps/train.h"

#include <nlohmann/json.hpp>
#include <set>

#include "data/class_weights.h"
#include "data/hold_out.h"
#include "engine/evaluate.h"
#include "passes/inline_composites.h"
#include "passes/pipeline.h"
#include "quant/glob.h"
#include "steps/check_targets.h"
#include "steps/kept_run.h"
#include "steps/samples.h"
#include "train/checkpoint.h"
#include "train/training_log.h"

namespace pare {
namespace {

struct Parts {
  DataView train;
  std::optional<DataView> validation;
};

Expected<Parts> parts_of(const DataSet& set, const TrainOptions& options) {
  if (set.divided() && !set.has(Split::Train))
    return bad_input("the data set {} has no split 'train'; `pare data split` makes one", set.name());
  PARE_ASSIGN(const DataView all, set.split(Split::Train));
  if (set.divided() && set.has(Split::Validation)) {
    PARE_ASSIGN(const DataView validation, set.split(Split::Validation));
    return Parts{all, validation};
  }
  if (options.validation <= 0) return Parts{all, {}};
  PARE_ASSIGN(const HeldOut held, hold_out(all, options.validation, options.seed));
  return Parts{held.train, held.validation};
}

bool has_weights(const Node& node) {
  for (size_t i = 0; i < node.operands.size(); ++i)
    if (is_learned(node, i)) return true;
  return false;
}

// Fails for a pattern that would change nothing.
Expected<void> check_pattern(const Graph& graph, const std::string& pattern) {
  for (const auto& node : graph.nodes())
    if (matches_glob(pattern, node->name) && has_weights(*node)) return {};
  return bad_input("no operator with weights is called '{}'; `pare inspect --layers` lists their names", pattern);
}

// Nodes that training leaves alone: those of a pattern, and all but the last ones with weights.
Expected<std::set<std::string>> frozen_nodes(const Graph& graph, const TrainOptions& options) {
  std::vector<const Node*> learning;
  std::set<std::string> frozen;
  for (const std::string& pattern : options.freeze) PARE_TRY(check_pattern(graph, pattern));
  for (const auto& node : graph.nodes()) {
    for (const std::string& pattern : options.freeze)
      if (matches_glob(pattern, node->name)) frozen.insert(node->name);
    if (has_weights(*node)) learning.push_back(node.get());
  }
  const auto stays = [&](const Node* node) { return frozen.contains(node->name); };
  if (!learning.empty() && std::ranges::all_of(learning, stays))
    return usage_error("--freeze leaves nothing to train: it names all {} operators with weights", learning.size());
  if (options.last > 0)
    for (size_t i = 0; i + static_cast<size_t>(options.last) < learning.size(); ++i) frozen.insert(learning[i]->name);
  return frozen;
}

float rate_factor(const Node& node, const std::vector<RateFactor>& rates) {
  double factor = 1;
  for (const RateFactor& each : rates)
    if (matches_glob(each.pattern, node.name)) factor = each.factor;
  return static_cast<float>(factor);
}

// Larger is better: the accuracy, or the negative mean squared error.
Expected<double> score(const Model& model, const Trainer& trainer, const DataView& view, int threads) {
  Model now = model.clone();
  trainer.store_into(now.main());
  const auto fold = static_cast<Expected<std::vector<Tensor>> (*)(const Node&)>(evaluate);
  PARE_TRY(run_passes(now.main(), passes_of(Pipeline::Canonical), fold));
  PARE_ASSIGN(const SampleSource source, source_for(now.main(), view));
  PARE_ASSIGN(const Evaluation result, evaluate(now.main(), source, view, {.threads = threads}));
  if (result.classification) return result.classification->accuracy;
  return result.regression ? -result.regression->mse : 0;
}

std::vector<NamedTensor> trained_weights(const Trainer& trainer, const Graph& network) {
  std::vector<NamedTensor> weights;
  const std::vector<std::string> names = trainable_constants(network);
  for (size_t i = 0; i < trainer.carried().size(); ++i)
    if (const std::string& name = trainer.carried()[i].name; std::find(names.begin(), names.end(), name) != names.end())
      weights.push_back({name, trainer.state()[i]});
  return weights;
}

// What the course of a run hangs on.
std::string settings_of(const TrainOptions& options, const TrainResult& run) {
  using Json = nlohmann::json;
  Json rates = Json::array();
  for (const RateFactor& each : options.rates) rates.push_back(fmt::format("{}={}", each.pattern, each.factor));
  return Json{{"epochs", options.epochs},
              {"batch", options.batch},
              {"seed", options.seed},
              {"threads", options.threads},
              {"optimizer", to_string(options.optimizer.optimizer)},
              {"momentum", options.optimizer.momentum},
              {"nesterov", options.optimizer.nesterov},
              {"decay", options.optimizer.decay},
              {"clip_norm", options.optimizer.clip_norm},
              {"schedule", to_string(options.schedule.schedule)},
              {"lr", options.schedule.rate},
              {"warm_up", options.schedule.warm_up},
              {"average", options.average},
              {"loss", to_string(run.loss)},
              {"smoothing", options.smoothing},
              {"validation", options.validation},
              {"patience", options.patience},
              {"balanced", options.balanced},
              {"freeze", options.freeze},
              {"rate", std::move(rates)},
              {"last", options.last},
              {"train_samples", run.train_samples},
              {"validation_samples", run.validation_samples}}
      .dump();
}

}  // namespace

Expected<TrainResult> train(const Model& model, const DataSet& set, const TrainOptions& options,
                            const TrainObserver& observer) {
  TrainResult result;
  result.model = model.clone();
  drop_training(result.model);
  PARE_TRY(inline_composites(result.model));
  Graph& network = result.model.main();
  if (network.inputs.size() != 1)
    return unsupported("the network has {} inputs; networks with one are trained", network.inputs.size());
  PARE_ASSIGN(const Parts parts, parts_of(set, options));
  PARE_TRY(source_for(network, parts.train));  // fails early where samples do not fit
  PARE_TRY(check_targets(*network.outputs[0], parts.train));
  result.train_samples = parts.train.count();
  result.validation_samples = parts.validation ? parts.validation->count() : 0;
  result.loss = options.loss.value_or(default_loss(*network.outputs[0], parts.train.target() == TargetKind::Class));
  PARE_ASSIGN(const std::set<std::string> frozen, frozen_nodes(network, options));
  for (const RateFactor& each : options.rates) PARE_TRY(check_pattern(network, each.pattern));

  FitOptions fitting{.epochs = options.epochs,
                     .batches = {.batch = options.batch, .seed = options.seed},
                     .schedule = options.schedule,
                     .patience = options.patience};
  fitting.batches.augmentation = set.description().augmentation;
  if (options.balanced) {
    PARE_ASSIGN(ClassWeights weights, balanced_class_weights(parts.train));
    fitting.batches.class_weights = std::move(weights.weights);
    result.empty_classes = std::move(weights.empty);
  }
  PARE_ASSIGN(Trainer trainer,
              Trainer::create(network,
                              {.batch = options.batch,
                               .loss = {.loss = result.loss, .smoothing = options.smoothing},
                               .optimizer = options.optimizer,
                               .statistics_momentum = options.statistics_momentum,
                               .average = options.average,
                               .seed = options.seed,
                               .is_frozen = [&](const Node& node) { return frozen.contains(node.name); },
                               .rate_factor = [&](const Node& node) { return rate_factor(node, options.rates); }},
                              options.threads));
  for (const NamedTensor& each : trained_weights(trainer, network)) result.trained_parameters += each.tensor.elements();
  std::optional<TrainingLog> log;
  FitCallbacks callbacks{.on_step = observer.on_step, .on_epoch = [&](const EpochRecord& record) -> Expected<void> {
                           observer.on_epoch(record);
                           if (!log) return {};
                           return log->add(record, trained_weights(trainer, network));
                         }};
  if (parts.validation)
    callbacks.judge = [&](const Trainer& now) { return score(result.model, now, *parts.validation, options.threads); };
  KeptRun run(options.checkpoint, settings_of(options, result));
  callbacks.on_checkpoint = [&](const FitState& state) { return run.keep(result.model, trainer, state); };
  std::optional<FitState> from;
  if (options.resume) { PARE_ASSIGN(from, run.take_up(trainer)); }
  if (!options.log.empty()) {
    PARE_ASSIGN(log, TrainingLog::open(options.log, from ? from->so_far.epochs : std::vector<EpochRecord>{}));
  }
  auto fitted = fit(trainer, parts.train, fitting, callbacks, std::move(from));
  if (!fitted) return Failure(run.explained(fitted.error()));
  result.fit = std::move(*fitted);
  trainer.store_into(network);
  return result;
}

}  // namespace pare
