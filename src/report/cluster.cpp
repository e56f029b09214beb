#include "report/cluster.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/table.h"
#include "report/training.h"

namespace pare {

nlohmann::ordered_json to_json(const ClusterResult& result, const FileSizes& sizes) {
  nlohmann::ordered_json layers = nlohmann::ordered_json::array();
  for (const ClusteredLayer& each : result.layers)
    layers.push_back({{"layer", each.layer},
                      {"shape", each.shape.to_string()},
                      {"weights", each.weights},
                      {"zeros", each.zeros},
                      {"values", each.values},
                      {"scaled", each.scaled},
                      {"entropy_bits", each.entropy_bits},
                      {"relative_error", each.relative_error}});
  nlohmann::ordered_json json{{"model", sizes.model}, {"output", sizes.output}};
  add_sizes(sizes, json);
  json["layers"] = std::move(layers);
  if (result.training) json["training"] = to_json(*result.training, sizes.model, sizes.output);
  return json;
}

std::string describe(const ClusterResult& result, const FileSizes& sizes) {
  Table table({"layer", "weights", ">number", ">zeros", ">values", ">bits a weight", ">error"});
  for (const ClusteredLayer& each : result.layers)
    table.row({each.layer, each.shape.to_string(), with_commas(each.weights), with_commas(each.zeros),
               with_commas(each.values), fmt::format("{:.2f}", each.entropy_bits), percent(each.relative_error)});
  std::string text = result.training ? describe_course(*result.training) + "\n" : "";
  text += table.text() + "\n" + describe(sizes);
  text +=
      "Values that recur make the file smaller where it is compressed: in a download, in an installation package.\n";
  if (std::ranges::any_of(result.layers, &ClusteredLayer::scaled))
    text +=
        "The values are those of integers, in steps of each channel: `pare quantize` or `pare qat` on a .pare file keep them.\n";
  return text;
}

}  // namespace pare
