// Nodes whose operands are all constant are replaced by their results. Conversions between number systems stay (restore_weights
// undoes those), transforms of weights (apply_weight_transforms), and so does what would make the file much larger than its inputs.
#include <algorithm>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace pare {
namespace {

constexpr size_t kLargestGrowth = size_t{1} << 20;  // bytes that folding one node may add

bool is_foldable(const Node& node) {
  const OpTraits& traits = node.op().traits;
  if (traits.stateful || traits.random || traits.weight_transform != WeightTransform::None ||
      node.op().quantization.scales == QuantRule::Scales::Border || node.results.empty())
    return false;
  size_t before = 0, after = 0;
  for (const Value* operand : node.operands) {
    if (operand == nullptr) continue;
    if (!operand->is_constant()) return false;
    before += operand->data->bytes().size();
  }
  for (const Value* result : node.results) {
    if (!result->type.shape.is_static() || result->type.dtype == DType::String) return false;
    after += storage_bytes(result->type.dtype, result->type.shape.elements());
  }
  return after <= before + kLargestGrowth;
}

}  // namespace

Expected<size_t> fold_constants(Graph& graph, const Evaluator& evaluate) {
  size_t folded = 0;
  for (size_t i = 0; i < graph.nodes().size();) {
    Node* node = graph.nodes()[i].get();
    // An output keeps its producer: a constant could not take over its name.
    const bool exposed =
        std::any_of(node->results.begin(), node->results.end(), [&](const Value* v) { return graph.is_output(v); });
    auto data =
        exposed || !is_foldable(*node) ? Expected<std::vector<Tensor>>(unsupported("not foldable")) : evaluate(*node);
    if (!data) {  // an operator without an implementation simply stays
      ++i;
      continue;
    }
    for (size_t r = 0; r < node->results.size(); ++r) {
      Value* result = node->results[r];
      graph.replace_uses(result, graph.add_constant(result->name, std::move((*data)[r]), result->type.quantization));
    }
    graph.erase(node);
    ++folded;
  }
  return folded;
}

}  // namespace pare
