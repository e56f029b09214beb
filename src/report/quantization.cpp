#include "report/quantization.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "report/table.h"

namespace pare {
namespace {

using Json = nlohmann::ordered_json;

std::map<Precision, int64_t> count_precisions(const QuantPlan& plan) {
  std::map<Precision, int64_t> counts;
  for (const auto& [key, node] : plan.nodes) ++counts[node.precision];
  return counts;
}

Json passes_json(const std::vector<PassRecord>& passes) {
  Json out = Json::array();
  for (const PassRecord& pass : passes)
    if (pass.changes > 0)
      out.push_back({{"pass", std::string(pass.pass)}, {"changes", pass.changes}, {"ms", pass.milliseconds}});
  return out;
}

std::string passes_text(const std::vector<PassRecord>& passes) {
  std::vector<std::string> parts;
  for (const PassRecord& pass : passes)
    if (pass.changes > 0) parts.push_back(fmt::format("{} {}", pass.pass, pass.changes));
  return parts.empty() ? "nothing to change" : fmt::format("{}", fmt::join(parts, ", "));
}

// Nodes in the order of the network.
template <class Visit>
void visit_nodes(const QuantizeResult& result, Visit&& visit) {
  for (const Graph& graph : result.baseline.graphs)
    for (const auto& node : graph.nodes())
      if (const auto planned = result.plan.nodes.find(key_of(*node)); planned != result.plan.nodes.end())
        visit(*node, planned->second);
}

std::string reasons_table(const QuantizeResult& result) {
  Table table({"operator", "name", "computes in", "because", "what would change it"});
  visit_nodes(result, [&](const Node& node, const NodePlan& plan) {
    table.row(
        {std::string(node.op().name), node.name, std::string(to_string(plan.precision)), plan.reason, plan.remedy});
  });
  return table.empty() ? "" : "\n" + table.text();
}

}  // namespace

Json to_json(const QuantizeResult& result, const QuantizeSummary& summary) {
  Json counts = Json::object(), nodes = Json::array();
  for (const auto& [precision, count] : count_precisions(result.plan))
    counts[std::string(to_string(precision))] = count;
  visit_nodes(result, [&](const Node& node, const NodePlan& plan) {
    nodes.push_back({{"name", node.name},
                     {"operator", std::string(node.op().name)},
                     {"precision", std::string(to_string(plan.precision))},
                     {"reason", plan.reason},
                     {"remedy", plan.remedy}});
  });
  Json json{{"model", summary.model},
            {"output", summary.output},
            {"mode", std::string(to_string(result.plan.mode))},
            {"io", std::string(to_string(result.plan.io))},
            {"calibration_samples", summary.samples},
            {"source_size_bytes", summary.source_bytes},
            {"size_bytes", summary.output_bytes},
            {"unmatched_patterns", summary.unmatched_patterns},
            {"operators", counts},
            {"passes", passes_json(result.passes)},
            {"timing_ms",
             {{"passes", result.timing.passes_ms},
              {"calibration", result.timing.calibration_ms},
              {"planning", result.timing.planning_ms}}}};
  add_kept(summary.kept, json);
  json["nodes"] = std::move(nodes);
  return json;
}

std::string describe(const QuantizeResult& result, const QuantizeSummary& summary, bool explain) {
  std::vector<std::string> counts;
  for (const auto& [precision, count] : count_precisions(result.plan))
    counts.push_back(fmt::format("{} {}", count, to_string(precision)));
  std::string text = fmt::format("{}: {}, {}, {} of {}\n", summary.output, to_string(result.plan.mode),
                                 human_bytes(summary.output_bytes),
                                 percent(static_cast<double>(summary.output_bytes) /
                                             static_cast<double>(std::max<int64_t>(1, summary.source_bytes)),
                                         1),
                                 summary.model);
  text += fmt::format("Operators:    {}\n", fmt::join(counts, ", "));
  if (summary.samples > 0)
    text += fmt::format("Calibration:  {} samples, {:.2f} s\n", with_commas(summary.samples),
                        result.timing.calibration_ms / 1000);
  text += fmt::format("Passes:       {}\n", passes_text(result.passes));
  text += describe(summary.kept, summary.output);
  for (const std::string& pattern : summary.unmatched_patterns)
    text += fmt::format("No operator is called '{}'; --explain lists their names.\n", pattern);
  if (explain) return text + reasons_table(result);
  const bool some_float = count_precisions(result.plan).contains(Precision::Float);
  return some_float ? text + "Some operators stay float; --explain says why.\n" : text;
}

Json to_json(const ConvertResult& result, const std::string& model, const std::string& output) {
  return {{"model", model}, {"output", output}, {"passes", passes_json(result.passes)}};
}

std::string describe(const ConvertResult& result, const std::string& output) {
  return fmt::format("{} written; passes: {}\n", output,
                     result.passes.empty() ? "none, the model is as it was read" : passes_text(result.passes));
}

}  // namespace pare
