#include "steps/train.h"

#include <nlohmann/json.hpp>
#include <set>

#include "data/class_weights.h"
#include "data/hold_out.h"
#include "engine/cpu.h"
#include "passes/inline_composites.h"
#include "quant/glob.h"
#include "steps/check_targets.h"
#include "steps/kept_run.h"
#include "steps/samples.h"
#include "steps/teacher.h"
#include "steps/training_settings.h"
#include "train/checkpoint.h"
#include "train/training_log.h"

namespace pare {
namespace {

struct Parts {
  DataView train;
  std::optional<DataView> validation;
};

Expected<void> check_bf16(const TrainOptions& options) {
  if (!options.bf16) return {};
  if (const std::string reason = missing_avx512_bf16(); !reason.empty())
    return unsupported("products in bfloat16 were asked for, but {}; train in float32 here", reason);
  return {};
}

// The samples of a split; where only the teacher is learned from, nothing else is known of them.
Expected<DataView> view_of(const Graph& network, const DataSet& set, Split split, const TrainOptions& options) {
  PARE_ASSIGN(const DataView view, set.split(split));
  if (options.teacher == nullptr && view.target() == TargetKind::None)
    return bad_input(
        "the data set {} has no targets to learn; labels or values were expected, kind = 'input' in [target] for an autoencoder, "
        "or a teacher, as `pare distill` takes",
        set.name());
  PARE_ASSIGN(const DataView ordered, in_order_of(network, view));
  return options.teacher == nullptr || options.distillation.use_targets ? ordered : ordered.without_target();
}

Expected<Parts> parts_of(const Graph& network, const DataSet& set, const TrainOptions& options) {
  if (set.divided() && !set.has(Split::Train))
    return bad_input("the data set {} has no split 'train'; `pare data split` makes one", set.name());
  PARE_ASSIGN(const DataView all, view_of(network, set, Split::Train, options));
  if (set.divided() && set.has(Split::Validation)) {
    PARE_ASSIGN(const DataView validation, view_of(network, set, Split::Validation, options));
    return Parts{all, validation};
  }
  if (options.validation <= 0) return Parts{all, {}};
  PARE_ASSIGN(const HeldOut held, hold_out(all, options.validation, options.seed));
  return Parts{held.train, held.validation};
}

bool has_weights(const Node& node) {
  if (node.op().traits.weight_transform != WeightTransform::None) return false;
  for (size_t i = 0; i < node.operands.size(); ++i)
    if (learned_constant(node, i) != nullptr) return true;
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
Expected<double> score(Graph network, const DataView& view, int threads) {
  PARE_TRY(fold_for_inference(network));
  PARE_ASSIGN(const SampleSource source, source_for(network, view));
  PARE_ASSIGN(const Evaluation result, evaluate(network, source, view, {.threads = threads}));
  if (result.classification) return result.classification->accuracy;
  return result.regression ? -result.regression->mse : 0;
}

Criterion criterion_of(Loss loss, TargetKind target) {
  if (target == TargetKind::Class) return Criterion::Accuracy;
  if (target != TargetKind::None) return Criterion::Mse;
  return gives_probabilities(loss) ? Criterion::Agreement : Criterion::TeacherMse;
}

Expected<Teacher> teacher_of(const TrainOptions& options, const DataView& samples, TrainResult& result) {
  DistillationOptions wanted = options.distillation;
  wanted.use_targets = samples.target() != TargetKind::None;
  wanted.seed = options.seed;
  PARE_ASSIGN(Teacher teacher,
              prepare_teacher(*options.teacher, result.model.main(), result.loss, wanted, options.threads));
  result.distillation = DistillationRecord{options.teacher->source_path, settled(wanted, result.loss)};
  return teacher;
}

// Has the teacher look at the samples: at those of training once and for all where they are the same in every epoch.
Expected<void> show_samples(Teacher& teacher, const Parts& parts, bool augmented, int threads,
                            DistillationRecord& record) {
  constexpr uint64_t kMostBytes = uint64_t{512} << 20;
  if (!augmented) PARE_TRY(teacher.scorer->keep(parts.train, kMostBytes));
  record.kept = teacher.scorer->keeps();
  if (parts.validation && record.options.use_targets) {
    PARE_ASSIGN(record.score, score(teacher.network.clone(), *parts.validation, threads));
  }
  return {};
}

// How good the weights are: by the targets, or where there are none by the teacher.
Expected<std::function<Expected<double>(const Trainer&)>> judge_of(const TrainResult& result, const DataView& view,
                                                                   const Teacher& teacher, int threads) {
  const auto present = [&result](const Trainer& now) {
    Graph network = result.model.main().clone();
    now.store_into(network);
    return network;
  };
  if (view.target() != TargetKind::None) return [=](const Trainer& now) { return score(present(now), view, threads); };
  PARE_ASSIGN(Scorer wise, Scorer::create(teacher.network, result.loss, {}, threads));
  PARE_ASSIGN(const std::vector<Tensor> wanted, wise.run(view.source()));
  return [=, loss = result.loss](const Trainer& now) -> Expected<double> {
    PARE_ASSIGN(Scorer student, Scorer::create(present(now), loss, {}, threads));
    PARE_ASSIGN(const std::vector<Tensor> given, student.run(view.source()));
    return likeness(given[0], wanted[0], loss);
  };
}

Expected<FitOptions> fitting_of(const TrainOptions& options, const DataSet& set, const Parts& parts,
                                TrainResult& result) {
  FitOptions fitting{.epochs = options.epochs,
                     .batches = {.batch = options.batch, .seed = options.seed},
                     .schedule = options.schedule,
                     .patience = options.patience,
                     .freeze_ranges = options.freeze_ranges,
                     .freeze_statistics = options.freeze_statistics,
                     .damping = options.damping,
                     .best_from = options.best_from};
  fitting.batches.augmentation = set.description().augmentation;
  if (options.balanced || !options.class_weights.empty()) {
    PARE_ASSIGN(ClassWeights weights, options.balanced ? balanced_class_weights(parts.train)
                                                       : stated_class_weights(parts.train, options.class_weights));
    fitting.batches.class_weights = std::move(weights.weights);
    result.empty_classes = std::move(weights.empty);
  }
  return fitting;
}

std::vector<NamedTensor> trained_weights(const Trainer& trainer, const Graph& network) {
  std::vector<NamedTensor> weights;
  const std::vector<std::string> names = trainable_constants(network);
  for (size_t i = 0; i < trainer.carried().size(); ++i)
    if (const std::string& name = trainer.carried()[i].name; std::find(names.begin(), names.end(), name) != names.end())
      weights.push_back({name, trainer.state()[i]});
  return weights;
}

}  // namespace

Expected<void> teach_itself(const Model& model, const DataSet& set, const SelfTeaching& how, TrainOptions& options) {
  PARE_ASSIGN(const bool labelled, has_targets(set));
  options.distillation.use_targets = how.use_labels && labelled;
  if (how.use_teacher || !options.distillation.use_targets) options.teacher = &model;
  return {};
}

Loss loss_of(const Value& output, const DataView& view, const TrainOptions& options) {
  const Node* producer = unrounded(&output)->producer;
  const bool probabilities = producer != nullptr && (producer->is("softmax") || producer->is("logistic"));
  const bool classes = view.target() == TargetKind::Class || (view.target() == TargetKind::None && probabilities);
  return options.loss.value_or(default_loss(output, classes));
}

Expected<TrainResult> train(const Model& model, const DataSet& set, const TrainOptions& options,
                            const TrainObserver& observer) {
  TrainResult result;
  result.model = model.clone();
  drop_training(result.model);
  PARE_TRY(inline_composites(result.model));
  Graph& network = result.model.main();
  PARE_TRY(keep_structure(network, options.keep));
  PARE_ASSIGN(const Parts parts, parts_of(network, set, options));
  PARE_TRY(check_bf16(options));
  PARE_TRY(source_for(network, parts.train));  // fails early where samples do not fit
  if (parts.train.target() != TargetKind::None) PARE_TRY(check_targets(*network.outputs[0], parts.train));
  result.train_samples = parts.train.count();
  result.validation_samples = parts.validation ? parts.validation->count() : 0;
  result.loss = loss_of(*network.outputs[0], parts.train, options);
  result.criterion = criterion_of(result.loss, parts.train.target());
  Teacher teacher;
  if (options.teacher != nullptr) { PARE_ASSIGN(teacher, teacher_of(options, parts.train, result)); }
  PARE_ASSIGN(const std::set<std::string> frozen, frozen_nodes(network, options));
  for (const RateFactor& each : options.rates) PARE_TRY(check_pattern(network, each.pattern));

  PARE_ASSIGN(const FitOptions fitting, fitting_of(options, set, parts, result));
  PARE_ASSIGN(Trainer trainer,
              Trainer::create(network,
                              {.batch = options.batch,
                               .loss = {.loss = result.loss, .smoothing = options.smoothing},
                               .optimizer = options.optimizer,
                               .statistics_momentum = options.statistics_momentum,
                               .damping = options.damping > 0,
                               .teacher = teacher.scorer,
                               .distillation = result.distillation.value_or(DistillationRecord{}).options,
                               .average = options.average,
                               .mask_statistic = options.mask_statistic,
                               .soft_clusters = options.soft_clusters,
                               .dropout = options.dropout,
                               .seed = options.seed,
                               .is_frozen = [&](const Node& node) { return frozen.contains(node.name); },
                               .rate_factor = [&](const Node& node) { return rate_factor(node, options.rates); }},
                              options.threads, options.bf16));
  for (const NamedTensor& each : trained_weights(trainer, network)) result.trained_parameters += each.tensor.elements();
  std::optional<TrainingLog> log;
  FitCallbacks callbacks{.on_step = observer.on_step, .on_epoch = [&](const EpochRecord& record) -> Expected<void> {
                           observer.on_epoch(record);
                           if (!log) return {};
                           return log->add(record, trained_weights(trainer, network), mask_records(trainer, network));
                         }};
  if (options.before_step) callbacks.before_step = options.before_step;
  KeptRun run(options.checkpoint, settings_of(options, result, teacher.fingerprint));
  callbacks.on_checkpoint = [&](const FitState& state) { return run.keep(result.model, trainer, state); };
  std::optional<FitState> from;
  if (options.resume) { PARE_ASSIGN(from, run.take_up(trainer)); }
  if (!options.log.empty()) {
    PARE_ASSIGN(log, TrainingLog::open(options.log, from ? from->so_far.epochs : std::vector<EpochRecord>{}));
  }
  if (result.distillation) {
    observer.on_teacher();
    PARE_TRY(show_samples(teacher, parts, fitting.batches.augmentation.any(), options.threads, *result.distillation));
  }
  if (parts.validation) { PARE_ASSIGN(callbacks.judge, judge_of(result, *parts.validation, teacher, options.threads)); }
  auto fitted = fit(trainer, parts.train, fitting, callbacks, std::move(from));
  if (!fitted) return Failure(run.explained(fitted.error()));
  result.fit = std::move(*fitted);
  trainer.store_into(network);
  return result;
}

}  // namespace pare
