#include "eval/operator_times.h"

#include "eval/latency.h"

namespace pare {
namespace {

// The node by itself: what it reads that is not constant comes in from outside.
Graph alone(const Node& node) {
  Graph graph;
  Twins twins;
  uint64_t seed = 0;
  for (const Value* operand : node.operands) {
    if (operand == nullptr || twins.contains(operand)) continue;
    Value*& twin = twins[operand];
    if (!operand->is_constant())
      twin = graph.add_input(operand->name, operand->type);
    else if (operand->data->shape() == operand->type.shape)
      twin = graph.add_constant(operand->name, *operand->data, operand->type.quantization);
    else
      twin = graph.add_constant(operand->name, noise(operand->type, 1, ++seed), operand->type.quantization);
  }
  for (const Value* result : node.results)
    graph.outputs.push_back(twins[result] = graph.add_value(result->name, result->type));
  graph.append_copy(node, twins);
  return graph;
}

std::string extents(const Node& node) {
  std::string text = node.result()->name;
  for (const auto* values : {&node.operands, &node.results})
    for (const Value* value : *values)
      if (value != nullptr) text += " " + value->type.shape.to_string();
  return text;
}

// Extents that do not fit together, such as a shape in a constant that names a width of before, are nothing to run.
Expected<double> milliseconds_of(const Node& node) {
  Graph graph = alone(node);
  PARE_TRY(infer_types(graph));
  PARE_ASSIGN(const ModelLatency measured,
              measure_latency(graph, {.latency = {.warm_up = 2, .min_seconds = 0.002, .min_runs = 5}}));
  return measured.latency.min;
}

}  // namespace

double OperatorTimes::of(const Node& node) {
  const auto [known, is_new] = known_.try_emplace(extents(node), 0);
  if (is_new) known->second = milliseconds_of(node).value_or(0);
  return known->second;
}

}  // namespace pare
