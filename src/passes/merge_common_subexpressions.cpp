// Nodes of the same operator with the same attributes and operands compute the same: readers of the later one read the earlier.
#include <unordered_map>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace pare {
namespace {

bool computes_same(const Node& a, const Node& b) {
  if (&a.op() != &b.op() || a.operands != b.operands || a.results.size() != b.results.size() ||
      !(a.attributes == b.attributes))
    return false;
  for (size_t i = 0; i < a.results.size(); ++i)
    if (a.results[i]->type != b.results[i]->type) return false;
  return true;
}

}  // namespace

Expected<size_t> merge_common_subexpressions(Graph& graph, const Evaluator&) {
  size_t merged = 0;
  std::unordered_multimap<const Value*, Node*> seen;  // by first operand
  for (size_t i = 0; i < graph.nodes().size();) {
    Node* node = graph.nodes()[i].get();
    const OpTraits& traits = node->op().traits;
    const bool exposed =
        std::any_of(node->results.begin(), node->results.end(), [&](const Value* v) { return graph.is_output(v); });
    const bool eligible = !node->operands.empty() && !traits.stateful && !traits.random && !exposed;
    Node* twin = nullptr;
    if (eligible)
      for (auto [at, last] = seen.equal_range(node->operand(0)); at != last && twin == nullptr; ++at)
        if (computes_same(*at->second, *node)) twin = at->second;
    if (twin == nullptr) {
      if (!node->operands.empty()) seen.emplace(node->operand(0), node);
      ++i;
      continue;
    }
    for (size_t r = 0; r < node->results.size(); ++r) graph.replace_uses(node->results[r], twin->results[r]);
    graph.erase(node);
    ++merged;
  }
  return merged;
}

}  // namespace pare
