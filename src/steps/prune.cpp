#include "steps/prune.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "passes/inline_composites.h"
#include "train/clustering.h"

namespace pare {
namespace {

// What the course of a run hangs on beside what train() knows of.
std::map<std::string, std::string> settings_of(const PruningOptions& options) {
  const SparsitySchedule& schedule = options.schedule;
  const SparsityPattern& pattern = options.pattern;
  return {{"sparsity", fmt::format("{} to {}", schedule.initial, schedule.final)},
          {"course", fmt::format("{} from {} to {}, power {}, every {}", to_string(schedule.course), schedule.begin,
                                 schedule.end, schedule.power, schedule.every)},
          {"criterion", std::string(to_string(options.criterion))},
          {"budget", std::string(to_string(options.budget))},
          {"block", fmt::format("{} {}", fmt::join(pattern.block, "x"), to_string(pattern.block_score))},
          {"n_of_m", fmt::format("{}:{}", pattern.n, pattern.m)},
          {"weights", to_string(options.choice)}};
}

template <class Field>
int64_t sum_of(const std::vector<PrunedLayer>& layers, Field field) {
  int64_t sum = 0;
  for (const PrunedLayer& each : layers) sum += each.statistics.*field;
  return sum;
}

}  // namespace

int64_t PruneResult::weights() const { return sum_of(layers, &WeightStatistics::elements); }
int64_t PruneResult::zeros() const { return sum_of(layers, &WeightStatistics::zeros); }
int64_t PruneResult::entropy_bytes() const { return sum_of(layers, &WeightStatistics::entropy_bytes); }

double PruneResult::sparsity() const {
  return weights() == 0 ? 0 : static_cast<double>(zeros()) / static_cast<double>(weights());
}

PrunedLayer describe_layer(const Graph& network, const PrunedWeights& pruned) {
  Tensor weights = *network.find_value(pruned.weights)->data;
  const auto mask = network.find_value(pruned.mask)->data->values<float>();
  std::ranges::transform(weights.values<float>(), mask, weights.mutable_values<float>().begin(),
                         [](float weight, float kept) { return kept == 0 ? 0.f : weight; });
  return {.layer = pruned.layer,
          .shape = weights.shape(),
          .statistics = weight_statistics({weights.dtype(), weights.shape(), {}}, weights)};
}

Expected<PruneResult> prune(const Model& model, const DataSet& set, const PruneOptions& options,
                            const TrainObserver& observer) {
  Model masked = model.clone();
  PARE_TRY(inline_composites(masked));
  PARE_TRY(keep_structure(masked.main(), options.train.keep));
  PARE_ASSIGN(const std::vector<PrunedWeights> pruned, insert_masks(masked.main(), options.pruning));
  const Pruner pruner(pruned, options.pruning);
  TrainOptions training = options.train;
  training.settings = settings_of(options.pruning);
  training.mask_statistic = statistic_for(options.pruning);
  training.dropout = false;  // a sparse network has too few weights as it is
  training.best_from = options.pruning.schedule.end;
  // Codebooks that an earlier step left follow the masks.
  const Clusterer clusterer(masked.main(), codebooks_of(masked.main()), {});
  training.before_step = [&](Trainer& trainer, int64_t steps) -> Expected<void> {
    PARE_ASSIGN(const bool changed, pruner.before_step(trainer, steps));
    return changed ? clusterer.assign(trainer) : clusterer.before_step(trainer, steps);
  };
  PARE_TRY(teach_itself(model, set, options.teaching, training));
  PruneResult result;
  PARE_ASSIGN(result.training, train(masked, set, training, observer));
  result.model = std::move(result.training->model);
  for (const PrunedWeights& each : pruned) result.layers.push_back(describe_layer(result.model.main(), each));
  return result;
}

}  // namespace pare
