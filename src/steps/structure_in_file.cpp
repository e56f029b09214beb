#include "steps/structure_in_file.h"

#include <algorithm>

#include "compress/weight_statistics.h"
#include "formats/formats.h"
#include "quant/roles.h"
#include "train/clustering.h"
#include "train/deployed_node.h"
#include "train/weight_transforms.h"

namespace pare {
namespace {

// The constant weights of an operator in a file, where those of float networks are known to be.
const Value* weights_in_file(const Node& node, size_t operand) {
  const Value* value = operand < node.operands.size() ? untransformed(node.operand(operand)) : nullptr;
  return value != nullptr && value->is_constant() ? value : nullptr;
}

bool finds_structure(const std::unique_ptr<Node>& node) {
  const WeightTransform kind = node->op().traits.weight_transform;
  return kind == WeightTransform::Mask || kind == WeightTransform::Codebook;
}

KeptWeights kept_of(const Node& node, const Tensor& before, const Node* mask, const Node* codebook) {
  const WeightStatistics was = weight_statistics({DType::Float32, before.shape(), {}}, before, 0);
  KeptWeights kept{.layer = node.name,
                   .masked = mask != nullptr,
                   .clustered = codebook != nullptr,
                   .weights = was.elements,
                   .zeros = was.zeros};
  if (codebook != nullptr) kept.values = values_in_table(*codebook) + (was.zeros > 0 ? 1 : 0);
  return kept;
}

}  // namespace

Expected<std::vector<KeptWeights>> structure_in_file(const Graph& network, const std::filesystem::path& file) {
  if (std::ranges::none_of(network.nodes(), finds_structure)) return std::vector<KeptWeights>();
  PARE_ASSIGN(const Model written, read_model(file));
  std::vector<KeptWeights> all;
  for (const auto& node : network.nodes()) {
    const std::optional<size_t> at = roles_of(*node).weights;
    if (!at) continue;
    const Value* end = node->operand(*at);
    const Node *mask = chain_node(end, WeightTransform::Mask), *codebook = chain_node(end, WeightTransform::Codebook);
    if (mask == nullptr && codebook == nullptr) continue;
    const Node* there = deployed_node(network, *node, written.main());
    const Value* found = there == nullptr ? nullptr : weights_in_file(*there, *at);
    if (found == nullptr || found->type.shape.elements() != end->type.shape.elements()) continue;
    // Values in steps of channels are few as integers alone.
    if (codebook != nullptr && codebook->operand(3) != nullptr && is_float(found->type.dtype)) codebook = nullptr;
    if (mask == nullptr && codebook == nullptr) continue;
    PARE_ASSIGN(const Tensor before, transformed(*end));
    KeptWeights kept = kept_of(*node, before, mask, codebook);
    Tensor stored = *found->data;
    if (there->operand(*at) != found) { PARE_ASSIGN(stored, transformed(*there->operand(*at))); }
    const WeightStatistics is = weight_statistics(found->type, stored, 0);
    kept.zeros_in_file = is.zeros;
    const auto* table = codebook == nullptr ? nullptr : &codebook->attrs<ClusterWeightsAttributes>();
    const bool by_channel = table != nullptr && table->by_channel;
    kept.values_in_file = by_channel ? most_values_in_a_channel(stored, static_cast<int>(table->axis)) : is.distinct;
    all.push_back(std::move(kept));
  }
  return all;
}

}  // namespace pare
