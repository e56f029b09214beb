#include "report/prune.h"

#include <nlohmann/json.hpp>

#include "report/table.h"
#include "report/training.h"

namespace pare {
namespace {

double share(const PrunedLayer& layer) {
  return static_cast<double>(layer.zeros) / static_cast<double>(std::max<int64_t>(1, layer.weights));
}

}  // namespace

nlohmann::ordered_json to_json(const PruneResult& result, const PruneSummary& summary) {
  nlohmann::ordered_json layers = nlohmann::ordered_json::array();
  for (const PrunedLayer& each : result.layers)
    layers.push_back({{"layer", each.layer},
                      {"shape", each.shape.to_string()},
                      {"weights", each.weights},
                      {"zeros", each.zeros},
                      {"sparsity", share(each)}});
  return {{"model", summary.model},
          {"output", summary.output},
          {"weights", result.weights()},
          {"zeros", result.zeros()},
          {"sparsity", result.sparsity()},
          {"size_bytes", {{"before", summary.source_bytes}, {"after", summary.output_bytes}}},
          {"gzip_bytes", {{"before", summary.source_gzip_bytes}, {"after", summary.output_gzip_bytes}}},
          {"layers", std::move(layers)},
          {"training", to_json(result.training, summary.model, summary.output)}};
}

std::string describe(const PruneResult& result, const PruneSummary& summary) {
  Table table({"layer", "weights", ">number", ">zeros", ">sparsity"});
  for (const PrunedLayer& each : result.layers)
    table.row(
        {each.layer, each.shape.to_string(), with_commas(each.weights), with_commas(each.zeros), percent(share(each))});
  std::string text = describe_course(result.training) + "\n" + table.text();
  text += fmt::format("\n{}: {} of {} weights are zero, {}\n", summary.output, with_commas(result.zeros()),
                      with_commas(result.weights()), percent(result.sparsity()));
  text += fmt::format("Size: {}, {} under gzip; {} was {}, {} under gzip\n", human_bytes(summary.output_bytes),
                      human_bytes(summary.output_gzip_bytes), summary.model, human_bytes(summary.source_bytes),
                      human_bytes(summary.source_gzip_bytes));
  return text + "Zeros make the file smaller where it is compressed: in a download, in an installation package.\n";
}

}  // namespace pare
