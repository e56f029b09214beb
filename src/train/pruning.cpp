#include "train/pruning.h"

#include <algorithm>

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

Expected<std::vector<PrunedWeights>> insert_masks(Graph& network, const PruningOptions& options) {
  PARE_TRY(check_pattern(options.pattern));
  PARE_TRY(check_schedule(options.schedule));
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

Expected<bool> Pruner::before_step(Trainer& trainer, int64_t steps) const {
  const std::optional<double> sparsity = sparsity_from(options_.schedule, trainer.steps(), steps);
  if (!sparsity) return false;
  std::vector<std::vector<float>> scores;
  std::vector<ScoredWeights> scored;
  scores.reserve(pruned_.size());
  for (const PrunedWeights& each : pruned_) {
    const Tensor* weights = trainer.carried(each.weights);
    if (weights == nullptr)
      return unsupported("the weights '{}' are pruned, but frozen; train or exclude them", each.layer);
    scores.push_back(magnitudes(*weights));
    scored.push_back({weights->shape(), scores.back(), options_.pattern});
  }
  PARE_ASSIGN(const std::vector<Tensor> masks, masks_of(scored, options_.budget, *sparsity));
  for (size_t i = 0; i < masks.size(); ++i) {
    Tensor* mask = trainer.carried(pruned_[i].mask);
    PARE_CHECK(mask != nullptr, "the mask '{}' is not carried", pruned_[i].mask);
    std::ranges::copy(masks[i].values<float>(), mask->mutable_values<float>().begin());
  }
  return true;
}

}  // namespace pare
