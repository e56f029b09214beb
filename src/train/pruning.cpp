#include "train/pruning.h"

#include <algorithm>

#include "quant/glob.h"
#include "quant/roles.h"
#include "train/weight_transforms.h"

namespace pare {
namespace {

bool matches_any(const std::vector<std::string>& patterns, const Node& node) {
  return std::ranges::any_of(patterns, [&](const std::string& each) { return matches_glob(each, node.name); });
}

// The operand with weights of a node that may be pruned.
std::optional<size_t> prunable_operand(const Node& node) {
  const std::optional<size_t> at = roles_of(node).weights;
  if (!at) return {};
  const Value* weights = untransformed(node.operand(*at));
  return weights->is_constant() && weights->type.dtype == DType::Float32 && !weights->type.is_quantized()
             ? at
             : std::nullopt;
}

bool is_chosen(const Node& node, const PruningOptions& options) {
  if (matches_any(options.exclude, node)) return false;
  // The few weights of a depthwise layer do more each than those of any other.
  return options.include.empty() ? !node.is("depthwise_conv_2d") : matches_any(options.include, node);
}

Expected<void> check_names(const Graph& network, const std::vector<std::string>& patterns) {
  for (const std::string& pattern : patterns)
    if (std::ranges::none_of(network.nodes(), [&](const auto& node) {
          return matches_glob(pattern, node->name) && prunable_operand(*node);
        }))
      return bad_input("no operator with weights is called '{}'; `pare inspect --layers` lists their names", pattern);
  return {};
}

// The mask of a chain, where it has one.
Value* mask_of_chain(Value* value) {
  for (; value->producer != nullptr && value->producer->op().traits.weight_transform != WeightTransform::None;
       value = value->producer->operand(0))
    if (value->producer->op().traits.weight_transform == WeightTransform::Mask) return value->producer->operand(1);
  return nullptr;
}

Expected<Value*> mask_for(Graph& network, Node& node, size_t operand) {
  if (Value* known = mask_of_chain(node.operands[operand]); known != nullptr) return known;
  const Value* weights = untransformed(node.operands[operand]);
  const std::string name = weights->name + "/mask";
  Value* mask = network.find_value(name);  // of weights that several operators read
  if (mask == nullptr) {
    Tensor all(DType::Float32, weights->type.shape);
    std::ranges::fill(all.mutable_values<float>(), 1.f);
    mask = network.add_constant(name, std::move(all));
  }
  PARE_TRY(insert_weight_transform(network, node, operand, "mask_weights", NoAttributes{}, {mask},
                                   weights->name + "/masked"));
  return mask;
}

}  // namespace

Expected<std::vector<PrunedWeights>> insert_masks(Graph& network, const PruningOptions& options) {
  PARE_TRY(check_pattern(options.pattern));
  PARE_TRY(check_schedule(options.schedule));
  if (options.schedule.final > options.pattern.largest_sparsity())
    return usage_error("{}:{} takes out at most {:.4g} % of the weights, {:.4g} % were asked for", options.pattern.n,
                       options.pattern.m, options.pattern.largest_sparsity() * 100, options.schedule.final * 100);
  PARE_TRY(check_names(network, options.include));
  PARE_TRY(check_names(network, options.exclude));
  std::vector<Node*> nodes;
  for (const auto& node : network.nodes())
    if (prunable_operand(*node) && is_chosen(*node, options)) nodes.push_back(node.get());
  if (nodes.empty()) return unsupported("there is nothing to prune: no operator with weights is chosen");
  std::vector<PrunedWeights> pruned;
  for (Node* node : nodes) {
    const size_t at = *prunable_operand(*node);
    const Value* weights = untransformed(node->operands[at]);
    PARE_ASSIGN_IN(const std::vector<int64_t> extents, block_extents(options.pattern, weights->type.shape), node->name);
    PARE_ASSIGN(const Value* mask, mask_for(network, *node, at));
    if (std::ranges::none_of(pruned, [&](const PrunedWeights& each) { return each.weights == weights->name; }))
      pruned.push_back({weights->name, mask->name, node->name});
  }
  return pruned;
}

Expected<void> Pruner::before_step(Trainer& trainer, int64_t steps) const {
  const std::optional<double> sparsity = sparsity_from(options_.schedule, trainer.steps(), steps);
  if (!sparsity) return {};
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
  return {};
}

}  // namespace pare
