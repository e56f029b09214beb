#include "engine/evaluate.h"

#include <algorithm>

#include "engine/kernel.h"
#include "engine/memory_plan.h"
#include "engine/threads.h"

namespace pare {
namespace {

bool all_operands_constant(const Node& node) {
  return std::all_of(node.operands.begin(), node.operands.end(),
                     [](const Value* v) { return v == nullptr || v->is_constant(); });
}

// `shape` reads only the type of its operand, so it is known as soon as that is static.
bool known_from_types(const Node& node) { return node.is("shape") || node.is("rank"); }

// The node's results become constants; the node goes.
void replace_by_constants(Graph& graph, Node* node, std::vector<Tensor> data) {
  for (size_t i = 0; i < node->results.size(); ++i) {
    Value* constant =
        graph.add_constant(node->results[i]->name, std::move(data[i]), node->results[i]->type.quantization);
    graph.replace_uses(node->results[i], constant);
  }
  graph.erase(node);
}

}  // namespace

Expected<std::vector<Tensor>> evaluate(const Node& node) {
  for (const Value* result : node.results) PARE_TRY(check_fits_memory(*result));
  const KernelThreads scope(1);
  PARE_ASSIGN(ChosenKernel chosen, create_kernel({node, Engine::Reference, 1}));
  Buffers buffers;
  std::vector<Tensor> results;
  for (const Value* operand : node.operands)
    buffers.operands.push_back(operand == nullptr || !operand->is_constant() ? nullptr : operand->data->bytes().data());
  for (const Value* result : node.results) {
    results.emplace_back(result->type.dtype, result->type.shape);
    buffers.results.push_back(results.back().mutable_bytes().data());
  }
  const AlignedBytes scratch(chosen.kernel->scratch_bytes());
  buffers.scratch = const_cast<std::byte*>(scratch.data());
  chosen.kernel->run(buffers);
  return results;
}

void bind_inputs(Graph& graph, int64_t extent) {
  for (Value* input : graph.inputs)
    for (int i = 0; i < input->type.shape.rank(); ++i)
      if (input->type.shape[i] == kDynamic) input->type.shape[i] = extent;
}

Expected<void> concretise(Graph& graph) {
  std::vector<Node*> order;
  for (const auto& node : graph.nodes()) order.push_back(node.get());
  for (Node* node : order) {
    PARE_ASSIGN(std::vector<TensorType> types, infer_types(*node, node->results.size()));
    bool known = true;
    for (size_t i = 0; i < types.size(); ++i) {
      // A file may know an extent that the rule cannot.
      if (!types[i].shape.is_static() && node->results[i]->type.shape.is_static()) continue;
      node->results[i]->type.shape = types[i].shape;
      known = known && types[i].shape.is_static();
    }
    const bool foldable = !node->op().traits.stateful && !node->op().traits.random;
    const bool operand_static =
        node->operands.empty() || node->operands[0] == nullptr || node->operands[0]->type.shape.is_static();
    if (!known || !foldable || !(all_operands_constant(*node) || (known_from_types(*node) && operand_static))) continue;
    PARE_ASSIGN(std::vector<Tensor> data, evaluate(*node));
    replace_by_constants(graph, node, std::move(data));
  }
  return {};
}

}  // namespace pare
