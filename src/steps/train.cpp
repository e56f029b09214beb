#include "steps/train.h"

#include <nlohmann/json.hpp>
#include <set>

#include "data/class_weights.h"
#include "data/hold_out.h"
#include "formats/formats.h"
#include "passes/inline_composites.h"
#include "quant/glob.h"
#include "steps/samples.h"
#include "steps/teacher.h"
#include "train/checkpoint.h"

namespace pare {
namespace {

struct Parts {
  DataView train;
  std::optional<DataView> validation;
};

// The samples of a split; where only the teacher is learned from, nothing else is known of them.
Expected<DataView> view_of(const DataSet& set, Split split, const TrainOptions& options) {
  PARE_ASSIGN(const DataView view, set.split(split));
  if (options.teacher == nullptr && view.target() == TargetKind::None)
    return bad_input(
        "the data set {} says nothing of what is expected of its samples; training needs [target] in its "
        "description, `pare distill` a teacher",
        set.name());
  return options.teacher == nullptr || options.distillation.use_targets ? view : view.without_target();
}

Expected<Parts> parts_of(const DataSet& set, const TrainOptions& options) {
  if (set.divided() && !set.has(Split::Train))
    return bad_input("the data set {} has no split 'train'; `pare data split` makes one", set.name());
  PARE_ASSIGN(const DataView all, view_of(set, Split::Train, options));
  if (set.divided() && set.has(Split::Validation)) {
    PARE_ASSIGN(const DataView validation, view_of(set, Split::Validation, options));
    return Parts{all, validation};
  }
  if (options.validation <= 0) return Parts{all, {}};
  PARE_ASSIGN(const HeldOut held, hold_out(all, options.validation, options.seed));
  return Parts{held.train, held.validation};
}

// Nodes that training leaves alone: those of a pattern, and all but the last ones with weights.
Expected<std::set<std::string>> frozen_nodes(const Graph& graph, const TrainOptions& options) {
  std::vector<const Node*> learning;
  std::set<std::string> frozen, unused(options.freeze.begin(), options.freeze.end());
  for (const auto& node : graph.nodes()) {
    for (const std::string& pattern : options.freeze)
      if (matches_glob(pattern, node->name)) {
        frozen.insert(node->name);
        unused.erase(pattern);
      }
    if (node->op().traits.transforms_weights) continue;
    for (size_t i = 0; i < node->operands.size(); ++i)
      if (learned_constant(*node, i) != nullptr) {
        learning.push_back(node.get());
        break;
      }
  }
  if (!unused.empty())
    return bad_input("no operator is called '{}'; `pare inspect` lists their names", *unused.begin());
  if (options.last > 0)
    for (size_t i = 0; i + static_cast<size_t>(options.last) < learning.size(); ++i) frozen.insert(learning[i]->name);
  return frozen;
}

// Larger is better: the accuracy, or the negative mean squared error.
Expected<double> score(Graph network, const DataView& view, int threads) {
  PARE_TRY(fold_for_inference(network));
  PARE_ASSIGN(const SampleSource source, source_for(network, view));
  PARE_ASSIGN(const Evaluation result, evaluate(network, source, view, {.threads = threads}));
  if (result.classification) return result.classification->accuracy;
  return result.regression ? -result.regression->mse : 0;
}

// What is made small: of a teacher's student without targets, what its output looks like.
Loss loss_of(const Value& output, const DataView& view, const TrainOptions& options) {
  const Node* producer = unrounded(&output)->producer;
  const bool probabilities = producer != nullptr && (producer->is("softmax") || producer->is("logistic"));
  const bool classes = view.target() == TargetKind::Class || (view.target() == TargetKind::None && probabilities);
  return options.loss.value_or(default_loss(output, classes));
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
                     .freeze_statistics = options.freeze_statistics};
  fitting.batches.augmentation = set.description().augmentation;
  if (options.balanced) {
    PARE_ASSIGN(ClassWeights weights, balanced_class_weights(parts.train));
    fitting.batches.class_weights = std::move(weights.weights);
    result.empty_classes = std::move(weights.empty);
  }
  return fitting;
}

int64_t count_parameters(const Trainer& trainer, const Graph& network) {
  int64_t count = 0;
  const std::vector<std::string> names = trainable_constants(network);
  for (const CarriedTensor& each : trainer.carried())
    if (std::find(names.begin(), names.end(), each.name) != names.end()) count += each.initial.elements();
  return count;
}

using Json = nlohmann::json;

// Of a run without a teacher each is null, for settings are compared by name.
Json settings_of(const std::optional<DistillationRecord>& record, const std::string& teacher) {
  Json settings;
  for (const char* name :
       {"teacher", "soft_loss", "temperature", "soft_weight", "features", "feature_weight", "use_targets"})
    settings[name] = nullptr;
  if (!record) return settings;
  const DistillationOptions& options = record->options;
  Json features = Json::array();
  for (const FeaturePair& pair : options.features) features.push_back(pair.student + "=" + pair.teacher);
  settings.update({{"teacher", teacher},
                   {"soft_loss", to_string(*options.soft_loss)},
                   {"temperature", options.temperature},
                   {"soft_weight", *options.soft_weight},
                   {"features", std::move(features)},
                   {"feature_weight", options.feature_weight},
                   {"use_targets", options.use_targets}});
  return settings;
}

// What the course of a run hangs on.
std::string settings_of(const TrainOptions& options, const TrainResult& run, const std::string& teacher) {
  Json settings = options.settings;
  settings.update(Json{{"epochs", options.epochs},
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
                       {"loss", to_string(run.loss)},
                       {"smoothing", options.smoothing},
                       {"validation", options.validation},
                       {"patience", options.patience},
                       {"balanced", options.balanced},
                       {"freeze", options.freeze},
                       {"last", options.last},
                       {"train_samples", run.train_samples},
                       {"freeze_ranges", options.freeze_ranges},
                       {"freeze_statistics", options.freeze_statistics},
                       {"validation_samples", run.validation_samples}});
  settings.update(settings_of(run.distillation, teacher));
  return settings.dump();
}

}  // namespace

Expected<TrainResult> train(const Model& model, const DataSet& set, const TrainOptions& options,
                            const TrainObserver& observer) {
  TrainResult result;
  result.model = model.clone();
  PARE_TRY(inline_composites(result.model));
  Graph& network = result.model.main();
  if (network.inputs.size() != 1)
    return unsupported("the network has {} inputs; networks with one are trained", network.inputs.size());
  PARE_ASSIGN(const Parts parts, parts_of(set, options));
  PARE_TRY(source_for(network, parts.train));  // fails early where samples do not fit
  result.train_samples = parts.train.count();
  result.validation_samples = parts.validation ? parts.validation->count() : 0;
  result.loss = loss_of(*network.outputs[0], parts.train, options);
  result.criterion = criterion_of(result.loss, parts.train.target());
  Teacher teacher;
  if (options.teacher != nullptr) { PARE_ASSIGN(teacher, teacher_of(options, parts.train, result)); }
  PARE_ASSIGN(const std::set<std::string> frozen, frozen_nodes(network, options));

  PARE_ASSIGN(const FitOptions fitting, fitting_of(options, set, parts, result));
  PARE_ASSIGN(Trainer trainer,
              Trainer::create(network,
                              {.batch = options.batch,
                               .loss = {.loss = result.loss, .smoothing = options.smoothing},
                               .optimizer = options.optimizer,
                               .statistics_momentum = options.statistics_momentum,
                               .is_frozen = [&frozen](const Node& node) { return frozen.contains(node.name); },
                               .teacher = teacher.scorer,
                               .distillation = result.distillation.value_or(DistillationRecord{}).options},
                              options.threads));
  result.trained_parameters = count_parameters(trainer, network);
  FitCallbacks callbacks{.on_step = observer.on_step, .on_epoch = observer.on_epoch};
  const std::string settings = settings_of(options, result, teacher.fingerprint);
  if (!options.checkpoint.empty())
    callbacks.on_checkpoint = [&](const FitState& state) -> Expected<void> {
      Model kept = result.model.clone();
      store_training(state, trainer.carried(), settings, kept);
      return write_model(kept, options.checkpoint);
    };
  std::optional<FitState> from;
  if (options.resume) {
    PARE_ASSIGN(const Model kept, read_model(options.checkpoint));
    PARE_ASSIGN_IN(from, stored_training(kept, trainer.carried(), settings), options.checkpoint);
  }
  if (result.distillation) {
    observer.on_teacher();
    PARE_TRY(show_samples(teacher, parts, fitting.batches.augmentation.any(), options.threads, *result.distillation));
  }
  if (parts.validation) { PARE_ASSIGN(callbacks.judge, judge_of(result, *parts.validation, teacher, options.threads)); }
  PARE_ASSIGN(result.fit, fit(trainer, parts.train, fitting, callbacks, std::move(from)));
  trainer.store_into(network);
  return result;
}

}  // namespace pare
