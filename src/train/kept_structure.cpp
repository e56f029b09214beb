#include "train/kept_structure.h"

#include <algorithm>

#include "compress/weight_statistics.h"
#include "train/clustering.h"
#include "train/pruning.h"
#include "train/weight_transforms.h"

namespace pare {
namespace {

// Of one table, so that a table of so many values holds all; nothing where they are many.
std::optional<CodebookOptions> codebook_of(const Tensor& weights, int axis) {
  const WeightStatistics found = weight_statistics({DType::Float32, weights.shape(), {}}, weights, axis);
  const int64_t channels = weights.shape().rank() == 0 ? 1 : weights.shape()[axis];
  const auto is_few = [](int64_t values, int64_t elements) {
    return values <= kFewValues && values * kWeightsPerValue <= elements;
  };
  if (is_few(found.distinct, found.elements))
    return CodebookOptions{.clusters = found.distinct, .scope = CodebookScope::Tensor};
  if (found.channel_distinct && is_few(*found.channel_distinct, found.elements / std::max<int64_t>(1, channels)))
    return CodebookOptions{.clusters = *found.channel_distinct, .scope = CodebookScope::Channel};
  return {};
}

Expected<void> keep_zeros(Graph& network, const ChosenWeights& chosen) {
  const auto values = chosen.weights->data->values<float>();
  if (std::ranges::count(values, 0.f) == 0 || chain_node(chosen.end_of_chain(), WeightTransform::Mask) != nullptr)
    return {};
  PARE_ASSIGN(Value * mask, mask_for(network, chosen));
  std::ranges::transform(values, mask->data->mutable_values<float>().begin(),
                         [](float value) { return value == 0 ? 0.f : 1.f; });
  return {};
}

}  // namespace

std::vector<std::string_view> names_of(const std::vector<Kept>& kept) {
  std::vector<std::string_view> names;
  for (const Kept each : kept) names.push_back(to_string(each));
  return names;
}

Expected<void> keep_structure(Graph& network, const std::vector<Kept>& kept) {
  if (kept.empty()) return {};
  const auto keeps = [&](Kept what) { return std::ranges::find(kept, what) != kept.end(); };
  PARE_ASSIGN(const std::vector<ChosenWeights> all, chosen_weights(network, {.include = {"*"}}, "keep"));
  for (const ChosenWeights& chosen : all) {
    if (keeps(Kept::Zeros)) PARE_TRY(keep_zeros(network, chosen));
    if (!keeps(Kept::Clusters) || chain_node(chosen.end_of_chain(), WeightTransform::Codebook) != nullptr) continue;
    PARE_ASSIGN(const Tensor weights, transformed(*chosen.end_of_chain()));
    if (const auto codebook = codebook_of(weights, output_axis(chosen)))
      PARE_TRY(insert_codebooks(network, {.codebook = *codebook, .choice = {.include = {chosen.node->name}}}, 1));
  }
  return {};
}

}  // namespace pare
