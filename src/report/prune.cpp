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

nlohmann::ordered_json to_json(const PruneResult& result, const FileSizes& sizes) {
  nlohmann::ordered_json layers = nlohmann::ordered_json::array();
  for (const PrunedLayer& each : result.layers)
    layers.push_back({{"layer", each.layer},
                      {"shape", each.shape.to_string()},
                      {"weights", each.weights},
                      {"zeros", each.zeros},
                      {"sparsity", share(each)}});
  nlohmann::ordered_json json{{"model", sizes.model},
                              {"output", sizes.output},
                              {"weights", result.weights()},
                              {"zeros", result.zeros()},
                              {"sparsity", result.sparsity()}};
  add_sizes(sizes, json);
  json["layers"] = std::move(layers);
  json["training"] = to_json(result.training, sizes.model, sizes.output);
  return json;
}

std::string describe(const PruneResult& result, const FileSizes& sizes) {
  Table table({"layer", "weights", ">number", ">zeros", ">sparsity"});
  for (const PrunedLayer& each : result.layers)
    table.row(
        {each.layer, each.shape.to_string(), with_commas(each.weights), with_commas(each.zeros), percent(share(each))});
  std::string text = describe_course(result.training) + "\n" + table.text();
  text += fmt::format("\n{}: {} of {} weights are zero, {}\n", sizes.output, with_commas(result.zeros()),
                      with_commas(result.weights()), percent(result.sparsity()));
  return text + describe(sizes) +
         "Zeros make the file smaller where it is compressed: in a download, in an installation package.\n";
}

}  // namespace pare
