#include "report/prune.h"

#include <nlohmann/json.hpp>

#include "report/table.h"
#include "report/training.h"

namespace pare {

nlohmann::ordered_json to_json(const PruneResult& result, const PruneSummary& summary) {
  nlohmann::ordered_json layers = nlohmann::ordered_json::array();
  for (const PrunedLayer& each : result.layers)
    layers.push_back({{"layer", each.layer},
                      {"shape", each.shape.to_string()},
                      {"weights", each.statistics.elements},
                      {"zeros", each.statistics.zeros},
                      {"sparsity", each.statistics.sparsity()},
                      {"entropy_bytes", each.statistics.entropy_bytes}});
  return {{"model", summary.model},
          {"output", summary.output},
          {"weights", result.weights()},
          {"zeros", result.zeros()},
          {"sparsity", result.sparsity()},
          {"entropy_bytes", result.entropy_bytes()},
          {"size_bytes", {{"before", summary.source_bytes}, {"after", summary.output_bytes}}},
          {"gzip_bytes", {{"before", summary.source_gzip_bytes}, {"after", summary.output_gzip_bytes}}},
          {"layers", std::move(layers)},
          {"training", to_json(result.training, summary.model, summary.output)}};
}

std::string describe(const PruneResult& result, const PruneSummary& summary) {
  Table table({"layer", "weights", ">number", ">zeros", ">sparsity", "blocks", "N:M"});
  for (const PrunedLayer& each : result.layers) {
    const WeightStatistics& found = each.statistics;
    table.row({each.layer, each.shape.to_string(), with_commas(found.elements), with_commas(found.zeros),
               percent(found.sparsity()), found.blocks ? found.blocks->to_string() : "",
               found.n_of_m ? found.n_of_m->to_string() : ""});
  }
  std::string text = describe_course(result.training) + "\n" + table.text();
  text += fmt::format("\n{}: {} of {} weights are zero, {}\n", summary.output, with_commas(result.zeros()),
                      with_commas(result.weights()), percent(result.sparsity()));
  text += fmt::format("Size: {}, {} under gzip; {} was {}, {} under gzip\n", human_bytes(summary.output_bytes),
                      human_bytes(summary.output_gzip_bytes), summary.model, human_bytes(summary.source_bytes),
                      human_bytes(summary.source_gzip_bytes));
  text += fmt::format("Entropy-coded, these weights would take {} of {}\n", human_bytes(result.entropy_bytes()),
                      human_bytes(4 * result.weights()));
  return text + "The file stores zeros in full: they make it smaller only where it is compressed, as in a download.\n";
}

}  // namespace pare
