#include "quant/plan.h"

#include <fmt/ranges.h>

namespace pare {

const std::string& key_of(const Node& node) { return node.results.empty() ? node.name : node.results.front()->name; }

const NodePlan& QuantPlan::of(const Node& node) const {
  const auto found = nodes.find(key_of(node));
  PARE_CHECK(found != nodes.end(), "the plan was made for another graph: it does not know {}", describe(node));
  return found->second;
}

const Storage* QuantPlan::of(const Value& value) const {
  const auto found = values.find(value.name);
  return found == values.end() ? nullptr : &found->second;
}

namespace {

std::string to_string(const Storage& storage) {
  std::string text{to_string(storage.dtype)};
  if (!storage.quantization) return text;
  if (storage.bits != bit_width(storage.dtype)) text += fmt::format(" of {} bits", storage.bits);
  const Quantization& q = *storage.quantization;
  if (q.is_per_tensor()) return fmt::format("{} scale {:.6g} zero point {}", text, q.scale(), q.zero_point());
  const auto [low, high] = std::minmax_element(q.scales.begin(), q.scales.end());
  return fmt::format("{} {} scales along {}, {:.6g} to {:.6g}", text, q.scales.size(), q.axis, *low, *high);
}

}  // namespace

std::string to_string(const QuantPlan& plan, const Graph& graph) {
  std::string text = fmt::format("mode {}, inputs and outputs {}\n", to_string(plan.mode), to_string(plan.io));
  const auto line = [&](const Value* value) {
    if (value == nullptr) return;
    if (const Storage* storage = plan.of(*value)) text += fmt::format("  {}: {}\n", value->name, to_string(*storage));
  };
  for (const Value* input : graph.inputs) line(input);
  for (const auto& node : graph.nodes()) {
    const NodePlan& planned = plan.of(*node);
    text += fmt::format("{}: {}{}{}\n", describe(*node), to_string(planned.precision),
                        planned.reason.empty() ? "" : ", ", planned.reason);
    for (const Value* operand : node->operands)
      if (operand != nullptr && operand->is_constant()) line(operand);
    for (const Value* result : node->results) line(result);
    for (size_t i = 0; i < node->operands.size(); ++i)
      if (const auto found = plan.requantized.find({key_of(*node), i}); found != plan.requantized.end())
        text += fmt::format("  reads {} as {}\n", node->operands[i]->name, to_string(found->second));
  }
  return text;
}

}  // namespace pare
