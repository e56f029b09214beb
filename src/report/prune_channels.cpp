#include "report/prune_channels.h"

#include <nlohmann/json.hpp>

#include "report/table.h"
#include "report/training.h"

namespace pare {
namespace {

using Json = nlohmann::ordered_json;
using Size = NarrowedLayer::Size;

double share(double after, double before) { return before > 0 ? after / before : 1; }

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

std::string arrow(int64_t before, int64_t after) {
  if (before == after) return with_commas(before);
  return fmt::format("{} -> {}", with_commas(before), with_commas(after));
}

std::vector<std::string> row(const std::string& name, const Size& before, const Size& after) {
  return {name, arrow(before.channels, after.channels), arrow(before.multiply_adds, after.multiply_adds),
          percent(share(static_cast<double>(after.multiply_adds), static_cast<double>(before.multiply_adds)), 1),
          arrow(before.weights, after.weights)};
}

std::string describe_fixed(const PruneChannelsResult& result) {
  std::string text = "\nChannels that stay:\n";
  for (const FixedChannels& each : result.fixed)
    text += fmt::format("  {}: {} not pruned, because {}\n", each.layer, each.channels, each.reason);
  return text;
}

}  // namespace

Json to_json(const PruneChannelsResult& result, const FileSizes& sizes) {
  Json layers = Json::array(), fixed = Json::array();
  for (const NarrowedLayer& each : result.layers)
    layers.push_back({{"layer", each.layer},
                      {"channels", both(each.before.channels, each.after.channels)},
                      {"multiply_adds", both(each.before.multiply_adds, each.after.multiply_adds)},
                      {"weights", both(each.before.weights, each.after.weights)}});
  for (const FixedChannels& each : result.fixed)
    fixed.push_back({{"layer", each.layer}, {"channels", each.channels}, {"reason", each.reason}});
  Json json = {{"model", sizes.model},
               {"output", sizes.output},
               {"channels", both(result.before.channels, result.after.channels)},
               {"multiply_adds", both(result.before.multiply_adds, result.after.multiply_adds)},
               {"weights", both(result.before.weights, result.after.weights)},
               {"latency_ms",
                {{"before", result.latency_before.latency.median}, {"after", result.latency_after.latency.median}}}};
  add_sizes(sizes, json);
  json["layers"] = std::move(layers);
  json["removed"] = removed_json(result);
  json["not_pruned"] = std::move(fixed);
  if (result.training) json["training"] = to_json(*result.training, sizes.model, sizes.output);
  return json;
}

std::string describe(const PruneChannelsResult& result, const FileSizes& sizes, bool explain) {
  Table table({"~layer", ">channels", ">multiply-adds", ">stay", ">weights"});
  for (const NarrowedLayer& each : result.layers) table.row(row(each.layer, each.before, each.after));
  table.row(row("all", result.before, result.after));
  const double before = result.latency_before.latency.median, after = result.latency_after.latency.median;
  std::string text = result.training ? describe_course(*result.training) + "\n" : "";
  text += table.text();
  if (explain) text += describe_fixed(result);
  text += fmt::format(
      "\n{}: {} of the multiply-adds, {} of the weights\n", sizes.output,
      percent(share(static_cast<double>(result.after.multiply_adds), static_cast<double>(result.before.multiply_adds)),
              1),
      percent(share(static_cast<double>(result.after.weights), static_cast<double>(result.before.weights)), 1));
  text += fmt::format("Latency: {:.3f} ms, {} of {:.3f} ms (float, one sample, one thread)\n", after,
                      percent(share(after, before), 1), before);
  return text + describe(sizes);
}

}  // namespace pare
