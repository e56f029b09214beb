#include "report/prune_channels.h"

#include <nlohmann/json.hpp>

#include "report/table.h"
#include "report/training.h"

namespace pare {
namespace {

using Json = nlohmann::ordered_json;
using Size = NarrowedLayer::Size;

// What is left.
std::string share(double after, double before) { return percent(before > 0 ? after / before : 1, 1); }
std::string share_of_multiply_adds(const NarrowedLayer& layer) {
  return share(static_cast<double>(layer.after.multiply_adds), static_cast<double>(layer.before.multiply_adds));
}
std::string share_of_weights(const NarrowedLayer& layer) {
  return share(static_cast<double>(layer.after.weights), static_cast<double>(layer.before.weights));
}

// Round by round.
Json removed_json(const PruneChannelsResult& result) {
  Json rounds = Json::array();
  for (const std::vector<RemovedChannels>& round : result.removed) {
    Json& groups = rounds.emplace_back(Json::array());
    for (const RemovedChannels& each : round)
      groups.push_back({{"layers", each.layers}, {"channels", each.channels}, {"removed", each.removed}});
  }
  return rounds;
}

Json both(int64_t before, int64_t after) { return {{"before", before}, {"after", after}}; }

// Adds what became of a layer.
void add_sizes(const NarrowedLayer& layer, Json& json) {
  json["channels"] = both(layer.before.channels, layer.after.channels);
  json["multiply_adds"] = both(layer.before.multiply_adds, layer.after.multiply_adds);
  json["weights"] = both(layer.before.weights, layer.after.weights);
}

std::string arrow(int64_t before, int64_t after) {
  if (before == after) return with_commas(before);
  return fmt::format("{} -> {}", with_commas(before), with_commas(after));
}

std::vector<std::string> row(const NarrowedLayer& layer) {
  const auto& [name, before, after] = layer;
  return {name, arrow(before.channels, after.channels), arrow(before.multiply_adds, after.multiply_adds),
          share_of_multiply_adds(layer), arrow(before.weights, after.weights)};
}

std::string describe_fixed(const PruneChannelsResult& result) {
  std::string text = "\nChannels that stay:\n";
  for (const FixedChannels& each : result.fixed)
    text += fmt::format("  {}: {} not pruned, because {}\n", each.layer, each.channels, each.reason);
  return text;
}

}  // namespace

std::string describe_removal(const NarrowedLayer& whole) {
  return fmt::format("{} of {} channels stay, with {} of the multiply-adds and {} of the weights; they are trained now",
                     with_commas(whole.after.channels), with_commas(whole.before.channels),
                     share_of_multiply_adds(whole), share_of_weights(whole));
}

Json to_json(const PruneChannelsResult& result, const FileSizes& sizes) {
  Json layers = Json::array(), fixed = Json::array();
  for (const NarrowedLayer& each : result.layers) add_sizes(each, layers.emplace_back(Json{{"layer", each.layer}}));
  for (const FixedChannels& each : result.fixed)
    fixed.push_back({{"layer", each.layer}, {"channels", each.channels}, {"reason", each.reason}});
  Json json = {{"model", sizes.model}, {"output", sizes.output}};
  add_sizes(result.whole, json);
  json["latency_ms"] = {{"before", result.latency_before.latency.median},
                        {"after", result.latency_after.latency.median}};
  add_sizes(sizes, json);
  json["layers"] = std::move(layers);
  json["removed"] = removed_json(result);
  json["not_pruned"] = std::move(fixed);
  if (result.training) json["training"] = to_json(*result.training, sizes.model, sizes.output);
  return json;
}

std::string describe(const PruneChannelsResult& result, const FileSizes& sizes, bool explain) {
  Table table({"~layer", ">channels", ">multiply-adds", ">stay", ">weights"});
  for (const NarrowedLayer& each : result.layers) table.row(row(each));
  table.row(row(result.whole));
  const double before = result.latency_before.latency.median, after = result.latency_after.latency.median;
  std::string text = result.training ? describe_course(*result.training) + "\n" : "";
  text += table.text();
  if (explain) text += describe_fixed(result);
  text += fmt::format("\n{}: {} of the multiply-adds, {} of the weights\n", sizes.output,
                      share_of_multiply_adds(result.whole), share_of_weights(result.whole));
  text += fmt::format("Latency: {:.3f} ms, {} of {:.3f} ms (float, one sample, one thread)\n", after,
                      share(after, before), before);
  return text + describe(sizes);
}

}  // namespace pare
