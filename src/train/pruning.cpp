#include "train/pruning.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "compress/exchange.h"
#include "train/weight_transforms.h"

namespace pare {
Expected<Value*> mask_for(Graph& network, const ChosenWeights& chosen) {
  if (Node* known = chain_node(chosen.end_of_chain(), WeightTransform::Mask)) return known->operand(1);
  const Value* weights = chosen.weights;
  const std::string name = weights->name + "/mask";
  Value* mask = network.find_value(name);  // of weights that several operators read
  if (mask == nullptr) {
    Tensor all(DType::Float32, weights->type.shape);
    std::ranges::fill(all.mutable_values<float>(), 1.f);
    mask = network.add_constant(name, std::move(all));
  }
  PARE_TRY(insert_weight_transform(network, *chosen.node, chosen.operand, "mask_weights", NoAttributes{}, {mask},
                                   weights->name + "/masked"));
  return mask;
}

MaskStatistic statistic_for(const PruningOptions& options) {
  if (options.schedule.course == SparsityCourse::Rigl) return MaskStatistic::Gradient;
  switch (options.criterion) {
    case PruningCriterion::Movement: return MaskStatistic::Movement;
    case PruningCriterion::Fisher: return MaskStatistic::Fisher;
    default: return MaskStatistic::None;
  }
}

Expected<std::vector<PrunedWeights>> insert_masks(Graph& network, const PruningOptions& options) {
  PARE_TRY(check_pattern(options.pattern));
  PARE_TRY(check_schedule(options.schedule));
  if (options.schedule.course == SparsityCourse::Rigl && (options.pattern.is_blocked() || options.pattern.is_n_of_m()))
    return usage_error("with the course rigl single weights change places; leave out blocks and N:M");
  if (options.schedule.final > options.pattern.largest_sparsity())
    return usage_error("{}:{} takes out at most {:.4g} % of the weights, {:.4g} % were asked for", options.pattern.n,
                       options.pattern.m, options.pattern.largest_sparsity() * 100, options.schedule.final * 100);
  PARE_ASSIGN(const std::vector<ChosenWeights> chosen, chosen_weights(network, options.choice, "prune"));
  std::vector<PrunedWeights> pruned;
  for (const ChosenWeights& each : chosen) {
    PARE_ASSIGN_IN(const std::vector<int64_t> extents, block_extents(options.pattern, each.weights->type.shape),
                   each.node->name);
    PARE_ASSIGN(const Value* mask, mask_for(network, each));
    if (std::ranges::find(pruned, each.weights->name, &PrunedWeights::weights) == pruned.end())
      pruned.push_back({each.weights->name, mask->name, each.node->name});
  }
  return pruned;
}

std::vector<MaskRecord> mask_records(const Trainer& trainer, const Graph& network) {
  std::vector<MaskRecord> records;
  for (const auto& node : network.nodes()) {
    if (node->op().traits.weight_transform != WeightTransform::Mask) continue;
    const std::string& name = node->operand(0)->name;
    const Tensor *weights = trainer.carried(name), *mask = trainer.carried(node->operand(1)->name);
    if (weights == nullptr || mask == nullptr ||
        std::ranges::find(records, name, &MaskRecord::weights) != records.end())
      continue;
    const auto magnitude = magnitudes(*weights);
    float threshold = std::numeric_limits<float>::infinity();
    for (size_t i = 0; i < magnitude.size(); ++i)
      if (mask->values<float>()[i] != 0) threshold = std::min(threshold, magnitude[i]);
    records.push_back({name, sparsity_of(*mask), std::isinf(threshold) ? 0 : threshold});
  }
  return records;
}

Expected<std::vector<std::vector<float>>> Pruner::scores(Trainer& trainer) const {
  std::vector<std::vector<float>> all;
  float least = 0;
  for (const PrunedWeights& each : pruned_) {
    const Tensor* weights = trainer.carried(each.weights);
    if (weights == nullptr)
      return unsupported("the weights '{}' are pruned, but frozen; train or exclude them", each.layer);
    all.push_back(magnitudes(*weights));
    // Before the first step there are no gradients to go by.
    if (options_.criterion == PruningCriterion::Magnitude || trainer.steps() == 0) continue;
    const auto statistic = trainer.carried(mask_statistic_name(each.weights))->values<float>();
    for (size_t i = 0; i < all.back().size(); ++i) {
      float& score = all.back()[i];
      score = options_.criterion == PruningCriterion::Fisher ? score * score * statistic[i] : statistic[i];
      least = std::min(least, score);
    }
  }
  // Only their order counts, and it starts at 0: movements have signs.
  if (least < 0)
    for (std::vector<float>& scores : all)
      for (float& score : scores) score -= least;
  return all;
}

Expected<void> Pruner::choose(Trainer& trainer, double sparsity) const {
  PARE_ASSIGN(const std::vector<std::vector<float>> all, scores(trainer));
  std::vector<ScoredWeights> scored;
  for (size_t i = 0; i < all.size(); ++i)
    scored.push_back({trainer.carried(pruned_[i].weights)->shape(), all[i], options_.pattern});
  PARE_ASSIGN(const std::vector<Tensor> masks, masks_of(scored, options_.budget, sparsity));
  for (size_t i = 0; i < masks.size(); ++i) put_mask(trainer, pruned_[i], masks[i]);
  return {};
}

void Pruner::put_mask(Trainer& trainer, const PrunedWeights& weights, const Tensor& values) {
  Tensor* mask = trainer.carried(weights.mask);
  PARE_CHECK(mask != nullptr, "the mask '{}' is not carried", weights.mask);
  std::ranges::copy(values.values<float>(), mask->mutable_values<float>().begin());
}

void Pruner::exchange_places(Trainer& trainer, double progress) const {
  for (const PrunedWeights& each : pruned_) {
    Tensor* weights = trainer.carried(each.weights);
    const Exchange done =
        exchange(*trainer.carried(each.mask), magnitudes(*weights),
                 trainer.carried(mask_statistic_name(each.weights))->values<float>(), exchanged_share(progress));
    put_mask(trainer, each, done.mask);
    const auto values = weights->mutable_values<float>();
    for (const int64_t place : done.grown) values[static_cast<size_t>(place)] = 0;
  }
}

Expected<bool> Pruner::before_step(Trainer& trainer, int64_t steps) const {
  const std::optional<double> sparsity = sparsity_from(options_.schedule, trainer.steps(), steps);
  if (!sparsity) return false;
  const auto [begin, end] = course_steps(options_.schedule, steps);
  if (options_.schedule.course == SparsityCourse::Rigl && trainer.steps() > begin)
    exchange_places(trainer, static_cast<double>(trainer.steps() - begin) / static_cast<double>(end - begin));
  else
    PARE_TRY(choose(trainer, *sparsity));
  return true;
}

}  // namespace pare
