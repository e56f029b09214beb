#include "train/chosen_weights.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "quant/glob.h"
#include "quant/roles.h"
#include "train/sparse_inference.h"
#include "train/weight_transforms.h"

namespace pare {
namespace {

bool matches_any(const std::vector<std::string>& patterns, const Node& node) {
  return std::ranges::any_of(patterns, [&](const std::string& each) { return matches_glob(each, node.name); });
}

// The operand of a node with constant float weights.
std::optional<size_t> weights_operand(const Node& node) {
  const std::optional<size_t> at = roles_of(node).weights;
  if (!at) return {};
  const Value* weights = untransformed(node.operand(*at));
  return weights->is_constant() && weights->type.dtype == DType::Float32 && !weights->type.is_quantized()
             ? at
             : std::nullopt;
}

bool is_chosen(const Node& node, const WeightChoice& choice) {
  if (matches_any(choice.exclude, node)) return false;
  if (choice.policy == WeightPolicy::Xnnpack && !is_sparse_product(node)) return false;
  if (!choice.types.empty() && std::ranges::find(choice.types, node.op().name) == choice.types.end()) return false;
  // The few weights of a depthwise layer do more each than those of any other.
  if (choice.include.empty()) return !choice.types.empty() || !node.is("depthwise_conv_2d");
  return matches_any(choice.include, node);
}

Expected<void> check_types(const Graph& network, const std::vector<std::string>& types) {
  std::set<std::string_view> there;
  for (const auto& node : network.nodes())
    if (weights_operand(*node)) there.insert(node->op().name);
  for (const std::string& type : types)
    if (!there.contains(type))
      return bad_input("no operator with weights is of the type '{}'; there are {}", type, fmt::join(there, ", "));
  return {};
}

Expected<void> check_names(const Graph& network, const std::vector<std::string>& patterns) {
  for (const std::string& pattern : patterns)
    if (std::ranges::none_of(network.nodes(), [&](const auto& node) {
          return matches_glob(pattern, node->name) && weights_operand(*node);
        }))
      return bad_input("no operator with weights is called '{}'; `pare inspect --layers` lists their names", pattern);
  return {};
}

}  // namespace

std::string to_string(const WeightChoice& choice) {
  return fmt::format("include {}, exclude {}, types {}, policy {}", fmt::join(choice.include, " "),
                     fmt::join(choice.exclude, " "), fmt::join(choice.types, " "), to_string(choice.policy));
}

int output_axis(const ChosenWeights& chosen) {
  const int axis = chosen.node->op().quantization.weights_axis;
  return axis < 0 ? axis + chosen.weights->type.shape.rank() : axis;
}

Expected<std::vector<ChosenWeights>> chosen_weights(const Graph& network, const WeightChoice& choice,
                                                    std::string_view verb) {
  PARE_TRY(check_names(network, choice.include));
  PARE_TRY(check_names(network, choice.exclude));
  PARE_TRY(check_types(network, choice.types));
  if (choice.policy == WeightPolicy::Xnnpack) PARE_TRY(check_sparse_inference(network));
  std::vector<ChosenWeights> chosen;
  for (const auto& node : network.nodes()) {
    const std::optional<size_t> at = weights_operand(*node);
    if (at && is_chosen(*node, choice)) chosen.push_back({node.get(), *at, untransformed(node->operands[*at])});
  }
  if (chosen.empty()) return unsupported("there is nothing to {}: no operator with weights is chosen", verb);
  return chosen;
}

}  // namespace pare
