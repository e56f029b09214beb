#include "quant/bias_correction.h"

#include <algorithm>

#include "quant/affine.h"
#include "quant/channels.h"
#include "quant/roles.h"

namespace pare {
namespace {

// Nodes with constant weights and a constant bias.
bool has_correctable_bias(const Node& node, const NodeRoles& roles) {
  if (!roles.weights || !roles.bias || roles.activations.empty()) return false;
  if (!node.operand(*roles.weights)->is_constant() || !node.operand(*roles.bias)->is_constant()) return false;
  // A node that makes more positions than it reads spreads its weights over them: no result sees all of a channel's weights.
  const Shape& src = roles.source(node)->type.shape;
  const Shape& dst = node.result()->type.shape;
  const auto positions = [](const Shape& shape) { return shape.rank() < 3 ? 1 : shape.elements(1, shape.rank() - 1); };
  return src.rank() != dst.rank() || positions(dst) <= positions(src);
}

// The sum over a channel's weights of rounding error times mean input. The last dimension of the weights runs over input channels
// (of one group, where the weights are narrower than the input); weights with their own channels last have one input channel each.
std::vector<double> mean_shift(const Tensor& weights, const Storage& storage, int axis,
                               const std::vector<float>& means) {
  const Quantization& parameters = *storage.quantization;
  const Tensor codes = quantize_tensor(weights, parameters, DType::Int8, weight_codes(storage.bits));
  const Shape& shape = weights.shape();
  const auto outputs = static_cast<size_t>(shape[axis]), last = static_cast<size_t>(shape[-1]);
  const bool channels_last = axis == shape.rank() - 1;
  const size_t groups = channels_last || last >= means.size() ? 1 : means.size() / last;
  const auto original = weights.values<float>();
  const auto stored = codes.values<int8_t>();
  std::vector<double> shift(outputs, 0.0);
  for_each_run(shape, axis, [&](size_t output, size_t first, size_t count) {
    const double scale = parameters.scales[parameters.is_per_tensor() ? 0 : output];
    size_t input = channels_last ? output * means.size() / outputs : output * groups / outputs * last;
    const size_t begin = input, end = channels_last ? begin + 1 : begin + std::min(last, means.size());
    for (size_t i = first; i < first + count; ++i) {
      shift[output] += (scale * stored[i] - original[i]) * means[input];
      if (++input == end) input = begin;
    }
  });
  return shift;
}

}  // namespace

std::vector<const Value*> bias_correction_sources(const Graph& graph) {
  std::vector<const Value*> sources;
  for (const auto& node : graph.nodes()) {
    const NodeRoles roles = roles_of(*node);
    if (has_correctable_bias(*node, roles)) sources.push_back(roles.source(*node));
  }
  return sources;
}

size_t correct_biases(Graph& graph, const QuantPlan& plan, const StatisticsMap& statistics) {
  size_t corrected = 0;
  for (const auto& node : graph.nodes()) {
    if (plan.of(*node).precision != Precision::Integer) continue;
    const NodeRoles roles = roles_of(*node);
    if (!has_correctable_bias(*node, roles)) continue;
    const auto seen = statistics.find(roles.source(*node)->name);
    if (seen == statistics.end() || seen->second.channel_sums.empty()) continue;
    const QuantRule& rule = node->op().quantization;
    const Tensor& weights = *node->operand(*roles.weights)->data;
    const Storage& storage = *plan.of(*node->operand(*roles.weights));
    const std::vector<double> shift = mean_shift(weights, storage, rule.weights_axis, seen->second.channel_means());
    const auto values = node->operand(*roles.bias)->data->mutable_values<float>();
    for (size_t c = 0; c < values.size(); ++c) values[c] = static_cast<float>(values[c] - shift[c]);
    ++corrected;
  }
  return corrected;
}

}  // namespace pare
