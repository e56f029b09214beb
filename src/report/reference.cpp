#include "report/reference.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "engine/kernel.h"
#include "ir/op_def.h"
#include "passes/pipeline.h"
#include "report/table.h"

namespace pare {
namespace {

void add_rows(const std::vector<OperandSpec>& specs, std::string_view role, Table& table) {
  for (const OperandSpec& spec : specs) {
    const std::string kind = spec.kind == OperandSpec::Kind::Required   ? ""
                             : spec.kind == OperandSpec::Kind::Optional ? " (optional)"
                                                                        : " (any number)";
    table.row({std::string(role) + kind, fmt::format("`{}`", spec.name), std::string(spec.doc)});
  }
}

std::string operands_of(const OpDef& op) {
  Table table({"role", "name", "shape and meaning"});
  add_rows(op.operands, "operand", table);
  add_rows(op.results, "result", table);
  return table.markdown();
}

std::string attributes_of(const OpDef& op) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : op.attributes.fields()) {
    const std::string text = to_string(value);
    parts.push_back(fmt::format("`{} = {}`", name, text.empty() ? "\"\"" : text));
  }
  return parts.empty() ? "none" : fmt::format("{}", fmt::join(parts, ", "));
}

std::string name_of(const OpDef& op, int operand) {
  const size_t last = op.operands.size() - 1;
  return fmt::format("`{}`", op.operands.at(std::min(static_cast<size_t>(operand), last)).name);
}

std::string scales_of(const QuantRule& rule) {
  const auto fixed = [](const QuantRule::Fixed& at) {
    return fmt::format("scale {:.10g}, zero point {}", at.scale, at.zero_point);
  };
  switch (rule.scales) {
    case QuantRule::Scales::Unsupported: return fmt::format("stays float: {}", rule.reason);
    case QuantRule::Scales::Free: return "each tensor has a scale of its own";
    case QuantRule::Scales::Same: return "operands and results share one scale and zero point";
    case QuantRule::Scales::PlainOutput: return "quantised operands, plain results";
    case QuantRule::Scales::Border: return "converts between number systems itself";
    case QuantRule::Scales::FixedOutput: break;
  }
  std::string text =
      "the result has " + (rule.fixed_int8 ? fixed(*rule.fixed_int8) : std::string("a fixed scale")) + " in int8";
  return rule.fixed_int16 ? text + "; " + fixed(*rule.fixed_int16) + " in int16" : text;
}

std::string quantization_of(const OpDef& op) {
  const QuantRule& rule = op.quantization;
  std::vector<std::string> parts{scales_of(rule)};
  if (rule.scales == QuantRule::Scales::Unsupported) return parts[0];
  if (rule.weights >= 0)
    parts.push_back(
        fmt::format("{} symmetric, per channel along axis {}", name_of(op, rule.weights), rule.weights_axis));
  if (rule.bias >= 0)
    parts.push_back(fmt::format("{} in int32 with the product of the scales", name_of(op, rule.bias)));
  if (rule.int8_free_int16_same) parts.emplace_back("one shared scale in 16 bits");
  if (!rule.int16) parts.emplace_back("no 16-bit form");
  if (rule.dynamic_range) parts.emplace_back("dynamic range (float activations, int8 weights)");
  if (rule.weight_only) parts.emplace_back("weights alone");
  return fmt::format("{}", fmt::join(parts, "; "));
}

std::string kernels_of(const OpDef& op) {
  std::vector<std::string> names;
  for (const Implementation& each : implementations(op.name)) names.emplace_back(each.name);
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

std::string operator_reference() {
  std::string text =
      "# Operators\n\nGenerated from the definitions in `src/ops`; `make docs` writes it anew.\n\n"
      "Activations are N,H,W,C. An attribute is shown with its default. Kernels are listed in the order in which they are tried.\n";
  for (const OpDef* op : all_ops()) {
    text += fmt::format("\n## {}\n\n{}\n\n{}\n\n{}\n", op->name, op->summary, op->details, operands_of(*op));
    text += fmt::format("- Attributes: {}\n- Quantisation: {}\n- Kernels: {}\n- TFLite: {}; ONNX: {}\n",
                        attributes_of(*op), quantization_of(*op), kernels_of(*op), op->in_tflite ? "builtin" : "none",
                        op->onnx.empty() ? "no single counterpart" : op->onnx);
  }
  return text;
}

std::string pass_reference() {
  Table table({"pass", "what it does", "pipelines"});
  for (const Pass& pass : all_passes()) {
    std::vector<std::string> pipelines;
    for (const Pipeline pipeline : {Pipeline::Canonical, Pipeline::ForTflite}) {
      const std::vector<const Pass*> members = passes_of(pipeline);
      if (std::find(members.begin(), members.end(), &pass) != members.end())
        pipelines.emplace_back(to_string(pipeline));
    }
    table.row({fmt::format("`{}`", pass.name), std::string(pass.summary),
               pipelines.empty() ? "on request" : fmt::format("{}", fmt::join(pipelines, ", "))});
  }
  return "# Passes\n\nGenerated from `src/passes/all_passes.inc`; `make docs` writes it anew.\n\n"
         "A pass rewrites a graph and keeps what it computes; the graph is verified after each. `canonical` is the form from which inference and quantisation "
         "start, `for_tflite` what is written to a `.tflite` file.\n\n" +
         table.markdown();
}

}  // namespace pare
