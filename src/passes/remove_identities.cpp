// Operators that give what they got: a view or a copy whose result has the operand's type, a pad by nothing, a transpose that keeps
// the order, a clip of what is clipped already, and two views in a row (the first is skipped).
#include <algorithm>
#include <numeric>

#include "ops/activation.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace pare {
namespace {

bool all_zero(const Value* constant) {
  if (constant == nullptr || !constant->is_constant()) return false;
  const std::vector<int64_t> values = to_int64(*constant->data);
  return std::all_of(values.begin(), values.end(), [](int64_t v) { return v == 0; });
}

bool keeps_order(const Value* permutation) {
  if (permutation == nullptr || !permutation->is_constant()) return false;
  const std::vector<int64_t> order = to_int64(*permutation->data);
  std::vector<int64_t> natural(order.size());
  std::iota(natural.begin(), natural.end(), 0);
  return order == natural;
}

bool has_extents(const Node& node, const Shape& shape) {
  return shape.is_static() && node.result()->type.shape == shape;
}

// relu behind an operator that clips to the same limits or tighter.
bool clips_again(const Node& node) {
  const auto own = parse_enum<Activation>(node.op().name);
  const Node* producer = node.operand(0)->producer;
  if (!own || *own == Activation::None || *own == Activation::Tanh || producer == nullptr) return false;
  const auto given = fused_activation(*producer);
  if (!given || *given == Activation::Tanh) return false;
  const RealRange outer = activation_range(*own), inner = activation_range(*given);
  return inner.lowest >= outer.lowest && inner.highest <= outer.highest;
}

bool is_identity(const Node& node) {
  if (node.operands.empty() || node.operand(0) == nullptr || node.results.size() != 1) return false;
  const TensorType& src = node.operand(0)->type;
  const TensorType& dst = node.result()->type;
  if (src.dtype != dst.dtype || src.quantization != dst.quantization) return false;
  if (node.op().traits.view)
    return src.shape == dst.shape && std::count(src.shape.begin(), src.shape.end(), kDynamic) <= 1;
  if (node.is("transpose")) return keeps_order(node.operand(1));
  if (node.is("pad")) return all_zero(node.operand(1));
  if (node.is("tile") || node.is("broadcast_to") || node.is("slice")) return has_extents(node, src.shape);
  if (node.is("concatenation"))
    return node.operands.size() == 1 && fused_activation(node).value_or(Activation::None) == Activation::None;
  if (node.is("cast")) return true;
  return clips_again(node);
}

// reshape(reshape(x)) reads x.
bool skips_view(Graph& graph, Node* node) {
  const Node* inner = node->op().traits.view ? private_producer(graph, node->operand(0)) : nullptr;
  if (inner == nullptr || !inner->op().traits.view || !node->is("reshape")) return false;
  if (inner->operand(0)->type.quantization != inner->result()->type.quantization) return false;
  node->operands[0] = inner->operand(0);
  return true;
}

// transpose(transpose(x)) with orders that cancel each other reads x.
bool cancels(const Graph& graph, const Node& node) {
  const Node* inner = node.is("transpose") ? private_producer(graph, node.operand(0)) : nullptr;
  if (inner == nullptr || !inner->is("transpose") || !inner->operand(1)->is_constant() ||
      !node.operand(1)->is_constant())
    return false;
  const std::vector<int64_t> first = to_int64(*inner->operand(1)->data), second = to_int64(*node.operand(1)->data);
  for (size_t i = 0; i < second.size(); ++i)
    if (first[static_cast<size_t>(second[i])] != static_cast<int64_t>(i)) return false;
  return true;
}

bool removes(Graph& graph, Node* node) {
  if (is_identity(*node)) return bypass(graph, node, node->operand(0));
  if (!cancels(graph, *node)) return false;
  Node* inner = node->operand(0)->producer;
  if (!bypass(graph, node, inner->operand(0))) return false;
  graph.erase(inner);
  return true;
}

}  // namespace

Expected<size_t> remove_identities(Graph& graph, const Evaluator&) {
  size_t removed = 0;
  for (bool changed = true;
       changed;) {  // an erased node shifts the others; what is passed over comes in the next sweep
    changed = false;
    for (size_t i = 0; i < graph.nodes().size(); ++i) {
      Node* node = graph.nodes()[i].get();
      const bool skipped = skips_view(graph, node);
      const bool gone = removes(graph, node);
      removed += (skipped ? 1u : 0u) + (gone ? 1u : 0u);
      changed = changed || skipped || gone;
    }
  }
  return removed + (removed > 0 ? graph.remove_dead() : 0);
}

}  // namespace pare
