#include "ir/verify.h"

#include <unordered_set>

namespace pare {
namespace {

template <class... Args>
Failure refuse(std::string where, fmt::format_string<Args...> format, Args&&... args) {
  return Failure(
      Error{ErrorCode::BadInput, fmt::format(format, std::forward<Args>(args)...), std::move(where), nullptr});
}

Expected<void> verify_value(const Value& value) {
  const std::string where = fmt::format("tensor '{}'", value.name);
  if (auto type_ok = verify(value.type); !type_ok) return Failure(type_ok.error().within(where));
  if (!value.data) return {};
  if (value.producer != nullptr)
    return refuse(where, "a constant cannot be the result of {}", describe(*value.producer));
  if (value.data->dtype() != value.type.dtype || value.data->shape() != value.type.shape)
    return refuse(where, "its data are {}{}, its type is {}", to_string(value.data->dtype()),
                  value.data->shape().to_string(), to_string(value.type));
  return {};
}

Expected<void> verify_results(const Node& node) {
  PARE_ASSIGN(const std::vector<TensorType> types, infer_types(node, node.results.size()));
  if (types.size() != node.results.size())
    return refuse(describe(node), "{} results, {} were expected", node.results.size(), types.size());
  for (size_t i = 0; i < types.size(); ++i) {
    const Value& result = *node.results[i];
    if (result.type.dtype != types[i].dtype || !result.type.shape.compatible_with(types[i].shape))
      return refuse(describe(node), "result '{}' is {}, {} was expected", result.name, to_string(result.type),
                    to_string(types[i]));
  }
  return {};
}

}  // namespace

Expected<void> verify(const Graph& graph) {
  std::unordered_set<const Value*> owned, available;
  for (const auto& value : graph.values()) {
    owned.insert(value.get());
    PARE_TRY(verify_value(*value));
    if (value->is_constant() || value->is_variable) available.insert(value.get());
  }
  for (const Value* input : graph.inputs) {
    if (!owned.contains(input)) return refuse(graph.name, "an input is not part of the graph");
    if (input->producer != nullptr)
      return refuse(graph.name, "the input '{}' is computed by {}", input->name, describe(*input->producer));
    available.insert(input);
  }
  for (const auto& node : graph.nodes()) {
    for (const Value* operand : node->operands) {
      if (operand == nullptr) continue;
      if (!owned.contains(operand)) return refuse(describe(*node), "an operand is not part of the graph");
      if (!available.contains(operand))
        return refuse(describe(*node), "operand '{}' is not computed before it is used", operand->name);
    }
    for (const Value* result : node->results) {
      if (result == nullptr || !owned.contains(result))
        return refuse(describe(*node), "a result is not part of the graph");
      if (result->producer != node.get() || !available.insert(result).second)
        return refuse(describe(*node), "result '{}' has another producer", result->name);
    }
    PARE_TRY(verify_results(*node));
  }
  for (const Value* output : graph.outputs)
    if (!available.contains(output))
      return refuse(graph.name, "the output '{}' is not computed", output == nullptr ? "" : output->name);
  return {};
}

}  // namespace pare
