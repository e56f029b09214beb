// Each operand position gets a constant value of its own (the bytes stay shared), so that one use can be changed or quantised
// without the others.
#include <unordered_set>

#include "passes/passes.h"

namespace pare {

Expected<size_t> separate_constants(Graph& graph, const Evaluator&) {
  std::unordered_set<const Value*> taken;
  for (const Value* output : graph.outputs) taken.insert(output);
  size_t copies = 0;
  for (const auto& node : graph.nodes())
    for (Value*& operand : node->operands) {
      if (operand == nullptr || !operand->is_constant() || taken.insert(operand).second) continue;
      operand = graph.add_constant(operand->name, *operand->data, operand->type.quantization);
      taken.insert(operand);
      ++copies;
    }
  return copies;
}

}  // namespace pare
