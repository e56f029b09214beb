#include "train/deployed_node.h"

#include "passes/rewrite.h"
#include "quant/channels.h"
#include "quant/roles.h"
#include "train/weight_transforms.h"

namespace pare {

const Node* deployed_node(const Graph& network, const Node& node, const Graph& deployed) {
  for (const Value* value = node.result();;) {
    const Value* there = deployed.find_value(value->name);
    if (there != nullptr && there->producer != nullptr) return there->producer;
    const Node* reader = only_reader(network, value);
    if (reader == nullptr || reader->results.empty()) return nullptr;
    value = reader->result();
  }
}

std::vector<float> folded_factors(const Graph& network, const Node& node, size_t operand, const Graph& deployed) {
  const Tensor& weights = *untransformed(node.operand(operand))->data;
  const int axis = node.op().quantization.weights_axis;
  const int at = axis < 0 ? axis + weights.shape().rank() : axis;
  std::vector<float> factors(weights.shape().rank() == 0 ? 1 : static_cast<size_t>(weights.shape()[at]), 1);
  const Node* there = deployed_node(network, node, deployed);
  const std::optional<size_t> operand_there = there == nullptr ? std::nullopt : roles_of(*there).weights;
  const Value* folded = operand_there ? there->operand(*operand_there) : nullptr;
  if (folded == nullptr || !folded->is_constant() || folded->data->shape() != weights.shape()) return factors;
  std::vector<double> products(factors.size(), 0), squares(factors.size(), 0);
  for_each_run(weights.shape(), axis, [&](size_t channel, size_t first, size_t count) {
    for (size_t i = first; i < first + count; ++i) {
      const double before = weights.values<float>()[i];
      products[channel] += before * folded->data->values<float>()[i];
      squares[channel] += before * before;
    }
  });
  for (size_t c = 0; c < factors.size(); ++c)
    if (squares[c] > 0 && products[c] != 0) factors[c] = static_cast<float>(products[c] / squares[c]);
  return factors;
}

}  // namespace pare
