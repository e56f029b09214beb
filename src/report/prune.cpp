#include "report/prune.h"

#include <nlohmann/json.hpp>

#include "report/table.h"
#include "report/training.h"

namespace pare {

nlohmann::ordered_json to_json(const PruneResult& result, const FileSizes& sizes) {
  nlohmann::ordered_json layers = nlohmann::ordered_json::array();
  for (const PrunedLayer& each : result.layers) {
    layers.push_back({{"layer", each.layer},
                      {"shape", each.shape.to_string()},
                      {"weights", each.statistics.elements},
                      {"zeros", each.statistics.zeros},
                      {"sparsity", each.statistics.sparsity()},
                      {"entropy_bytes", each.statistics.entropy_bytes}});
    if (each.output_error) layers.back()["output_error"] = *each.output_error;
  }
  nlohmann::ordered_json json{{"model", sizes.model},          {"output", sizes.output},
                              {"weights", result.weights()},   {"zeros", result.zeros()},
                              {"sparsity", result.sparsity()}, {"entropy_bytes", result.entropy_bytes()}};
  add_sizes(sizes, json);
  json["layers"] = std::move(layers);
  if (result.training) json["training"] = to_json(*result.training, sizes.model, sizes.output);
  return json;
}

std::string describe(const PruneResult& result, const FileSizes& sizes) {
  std::vector<std::string> headings{"layer", "weights", ">number", ">zeros", ">sparsity", "blocks", "N:M"};
  if (!result.training) headings.emplace_back(">output error");
  Table table(headings);
  for (const PrunedLayer& each : result.layers) {
    const WeightStatistics& found = each.statistics;
    std::vector<std::string> row{each.layer,
                                 each.shape.to_string(),
                                 with_commas(found.elements),
                                 with_commas(found.zeros),
                                 percent(found.sparsity()),
                                 found.blocks ? found.blocks->to_string() : "",
                                 found.n_of_m ? found.n_of_m->to_string() : ""};
    if (!result.training) row.push_back(each.output_error ? percent(*each.output_error) : "");
    table.row(row);
  }
  std::string text = (result.training ? describe_course(*result.training) + "\n" : "") + table.text();
  text += fmt::format("\n{}: {} of {} weights are zero, {}\n", sizes.output, with_commas(result.zeros()),
                      with_commas(result.weights()), percent(result.sparsity()));
  text += describe(sizes);
  text += fmt::format("Entropy-coded, these weights would take {} of {}\n", human_bytes(result.entropy_bytes()),
                      human_bytes(4 * result.weights()));
  if (sizes.after.bytes < 4 * result.weights()) return text + "The file stores weights without their zeros.\n";
  return text + "The file stores zeros in full: they make it smaller only where it is compressed, as in a download.\n";
}

}  // namespace pare
