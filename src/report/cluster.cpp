#include "report/cluster.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/table.h"
#include "report/training.h"

namespace pare {
namespace {

// In a table: of the tensor, or of a channel where each has its own.
int64_t values_of(const ClusteredLayer& layer) {
  return layer.statistics.channel_distinct.value_or(layer.statistics.distinct);
}

}  // namespace

nlohmann::ordered_json to_json(const ClusterResult& result, const FileSizes& sizes) {
  nlohmann::ordered_json layers = nlohmann::ordered_json::array();
  for (const ClusteredLayer& each : result.layers)
    layers.push_back({{"layer", each.layer},
                      {"shape", each.shape.to_string()},
                      {"weights", each.statistics.elements},
                      {"zeros", each.statistics.zeros},
                      {"values", values_of(each)},
                      {"scaled", each.scaled},
                      {"entropy_bits", each.statistics.entropy},
                      {"entropy_bytes", each.statistics.entropy_bytes},
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
    table.row({each.layer, each.shape.to_string(), with_commas(each.statistics.elements),
               with_commas(each.statistics.zeros), with_commas(values_of(each)),
               fmt::format("{:.2f}", each.statistics.entropy), percent(each.relative_error)});
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
