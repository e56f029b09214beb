#include "train/chosen_weights.h"

#include <algorithm>

#include "quant/glob.h"
#include "quant/roles.h"
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
  // The few weights of a depthwise layer do more each than those of any other.
  return choice.include.empty() ? !node.is("depthwise_conv_2d") : matches_any(choice.include, node);
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

int output_axis(const ChosenWeights& chosen) {
  const int axis = chosen.node->op().quantization.weights_axis;
  return axis < 0 ? axis + chosen.weights->type.shape.rank() : axis;
}

Expected<std::vector<ChosenWeights>> chosen_weights(const Graph& network, const WeightChoice& choice,
                                                    std::string_view verb) {
  PARE_TRY(check_names(network, choice.include));
  PARE_TRY(check_names(network, choice.exclude));
  std::vector<ChosenWeights> chosen;
  for (const auto& node : network.nodes()) {
    const std::optional<size_t> at = weights_operand(*node);
    if (at && is_chosen(*node, choice)) chosen.push_back({node.get(), *at, untransformed(node->operands[*at])});
  }
  if (chosen.empty()) return unsupported("there is nothing to {}: no operator with weights is chosen", verb);
  return chosen;
}

}  // namespace pare
