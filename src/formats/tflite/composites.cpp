#include "formats/tflite/composites.h"

#include "ops/composite.h"

namespace pare::tflite {
namespace {

constexpr int64_t kMaxNodes = 1'000'000;  // after every composite was replaced by its graph

Expected<void> check_ports(const std::vector<Value*>& given, const std::vector<Value*>& wanted, const char* what) {
  if (given.size() != wanted.size()) return bad_input("{} {}, its graph has {}", given.size(), what, wanted.size());
  for (size_t i = 0; i < given.size(); ++i)
    if (given[i] == nullptr || given[i]->type.dtype != wanted[i]->type.dtype ||
        !given[i]->type.shape.compatible_with(wanted[i]->type.shape))
      return bad_input("number {} of its {} is {}, in its graph {}", i, what,
                       given[i] == nullptr ? "absent" : to_string(given[i]->type), to_string(wanted[i]->type));
  return {};
}

Expected<size_t> graph_of(const Node& node, const Model& model) {
  const int64_t index = node.attrs<CompositeAttributes>().decomposition;
  if (index < 0 || index >= static_cast<int64_t>(model.graphs.size()))
    return bad_input("graph {} of a file with {}", index, model.graphs.size());
  const Graph& graph = model.graphs[static_cast<size_t>(index)];
  PARE_TRY(check_ports(node.operands, graph.inputs, "operands"));
  PARE_TRY(check_ports(node.results, graph.outputs, "results"));
  return static_cast<size_t>(index);
}

}  // namespace

Expected<void> check_composites(const Model& model) {
  const size_t count = model.graphs.size();
  std::vector<std::vector<size_t>> users(count);  // of each graph, one for each composite
  std::vector<size_t> waiting_for(count), ready;
  for (size_t g = 0; g < count; ++g)
    for (const auto& node : model.graphs[g].nodes()) {
      if (!node->is("composite")) continue;
      PARE_ASSIGN_IN(const size_t body, graph_of(*node, model), describe(*node));
      users[body].push_back(g);
      ++waiting_for[g];
    }
  std::vector<int64_t> nodes(count);
  for (size_t g = 0; g < count; ++g) {
    nodes[g] = static_cast<int64_t>(model.graphs[g].nodes().size());
    if (waiting_for[g] == 0) ready.push_back(g);
  }
  size_t done = 0;
  for (; !ready.empty(); ++done) {
    const size_t body = ready.back();
    ready.pop_back();
    if (nodes[body] > kMaxNodes)
      return bad_input("graph {} has more than {} operators when its composites are replaced", body, kMaxNodes);
    for (const size_t user : users[body]) {
      nodes[user] = std::min(nodes[user] + nodes[body], kMaxNodes + 1);
      if (--waiting_for[user] == 0) ready.push_back(user);
    }
  }
  if (done < count) return bad_input("a composite operator is part of its own graph");
  return {};
}

}  // namespace pare::tflite
