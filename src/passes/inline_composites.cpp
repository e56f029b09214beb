#include "passes/inline_composites.h"

#include <algorithm>

#include "ops/composite.h"

namespace pare {
namespace {

// Far more than any model nests or repeats; a body that contains itself gets here.
constexpr size_t kMostInlined = 100000;

const CompositeAttributes* composite_of(const Node& node) { return node.attributes.get_if<CompositeAttributes>(); }

// Copies the body's nodes in front of `node`. Returns where each of its values went.
Twins copy_body(Graph& graph, const Node* node, const Graph& body) {
  Twins copies;
  for (size_t i = 0; i < body.inputs.size(); ++i) copies.emplace(body.inputs[i], node->operands[i]);
  for (const auto& value : body.values())
    if (!copies.contains(value.get()))
      copies.emplace(value.get(), graph.add_copy(*value, fmt::format("{}/{}", node->name, value->name)));
  for (const auto& each : body.nodes()) {
    graph.append_copy(*each, copies);
    graph.move_last_before(node);
  }
  return copies;
}

// The node's result becomes that of the body's last operator, so that its name and its place among the outputs stay.
void hand_over(Graph& graph, Node* node, size_t i, Value* computed) {
  Value* result = node->results[i];
  Node* producer = computed->producer;
  if (producer == nullptr || graph.is_output(computed)) {  // the body returns what it was given
    graph.replace_uses(result, computed);
    return;
  }
  std::replace(producer->results.begin(), producer->results.end(), computed, result);
  result->producer = producer;
  node->results[i] = computed;
  computed->producer = node;
  graph.replace_uses(computed, result);
}

Expected<void> inline_one(Model& model, size_t index, Node* node) {
  Graph& graph = model.graphs[index];
  const int64_t at = composite_of(*node)->decomposition;
  if (at < 0 || static_cast<size_t>(at) >= model.graphs.size() || static_cast<size_t>(at) == index)
    return bad_input("{} is made of graph {}, another of the model's {} graphs was expected", describe(*node), at,
                     model.graphs.size());
  const Graph& body = model.graphs[static_cast<size_t>(at)];
  if (body.inputs.size() != node->operands.size() || body.outputs.size() != node->results.size())
    return bad_input("{} has {} operands and {} results, the graph that it is made of has {} and {}", describe(*node),
                     node->operands.size(), node->results.size(), body.inputs.size(), body.outputs.size());
  const auto copies = copy_body(graph, node, body);
  for (size_t i = 0; i < body.outputs.size(); ++i) hand_over(graph, node, i, copies.at(body.outputs[i]));
  node->operands.clear();
  graph.erase(node);
  return {};
}

Node* first_composite(const Graph& graph) {
  for (const auto& node : graph.nodes())
    if (composite_of(*node) != nullptr) return node.get();
  return nullptr;
}

// Graphs that are neither the main one nor of a signature were bodies.
void drop_bodies(Model& model) {
  std::vector<size_t> moved(model.graphs.size(), 0);
  std::vector<Graph> kept;
  for (size_t g = 0; g < model.graphs.size(); ++g) {
    const bool used = g == 0 || std::any_of(model.signatures.begin(), model.signatures.end(),
                                            [&](const Signature& s) { return s.graph == g; });
    moved[g] = kept.size();
    if (used) kept.push_back(std::move(model.graphs[g]));
  }
  model.graphs = std::move(kept);
  for (Signature& signature : model.signatures) signature.graph = moved[signature.graph];
}

}  // namespace

Expected<size_t> inline_composites(Model& model) {
  size_t inlined = 0;
  for (size_t g = 0; g < model.graphs.size(); ++g)
    while (Node* node = first_composite(model.graphs[g])) {
      if (++inlined > kMostInlined) return bad_input("{} contains itself", describe(*node));
      PARE_TRY(inline_one(model, g, node));
    }
  if (inlined > 0) drop_bodies(model);
  return inlined;
}

}  // namespace pare
