// A sum or product with constants behind weights: (W x + b) s + t = (s W) x + (s b + t).
#include "passes/affine_node.h"
#include "passes/passes.h"
#include "passes/rewrite.h"
#include "passes/weighted.h"

namespace pare {
namespace {

bool fuses(Graph& graph, Node* node) {
  const auto constant = constant_affine(*node);
  if (!constant) return false;
  Node* producer = private_producer(graph, node->operand(constant->src));
  if (producer == nullptr || fused_activation(*producer).value_or(Activation::None) != Activation::None) return false;
  const auto weighted = as_weighted(producer);
  if (!weighted || weighted->channels() != static_cast<int64_t>(constant->affine.scale.size())) return false;
  const Activation activation = fused_activation(*node).value_or(Activation::None);
  if (activation != Activation::None) {
    if (!fused_activation(*producer)) return false;  // the producer could not apply it
    set_activation(*producer, activation);
  }
  scale_output(graph, *weighted, constant->affine.scale, constant->affine.shift);
  absorb(graph, producer, node);
  return true;
}

}  // namespace

Expected<size_t> fuse_bias(Graph& graph, const Evaluator&) { return rewrite_nodes(graph, fuses); }

}  // namespace pare
