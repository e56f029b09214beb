#include "report/structure_in_file.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/table.h"

namespace pare {
namespace {

struct Totals {
  int64_t masked = 0, clustered = 0, weights = 0, zeros = 0, zeros_in_file = 0, most_values = 0;
  std::vector<std::string> lost;  // layers whose values or zeros are not those of the network any more
};

Totals totals_of(const std::vector<KeptWeights>& kept) {
  Totals totals;
  for (const KeptWeights& each : kept) {
    totals.masked += each.masked;
    totals.clustered += each.clustered;
    if (each.masked) {
      totals.weights += each.weights;
      totals.zeros += each.zeros;
      totals.zeros_in_file += each.zeros_in_file;
    }
    if (each.clustered) totals.most_values = std::max(totals.most_values, each.values_in_file);
    if (!each.zeros_are_kept())
      totals.lost.push_back(
          fmt::format("{}: {} of {} zeros", each.layer, with_commas(each.zeros_in_file), with_commas(each.zeros)));
    if (!each.values_are_kept())
      totals.lost.push_back(fmt::format("{}: {} values instead of {}", each.layer, with_commas(each.values_in_file),
                                        with_commas(each.values)));
  }
  return totals;
}

}  // namespace

void add_kept(const std::vector<KeptWeights>& kept, nlohmann::ordered_json& json) {
  if (kept.empty()) return;
  json["kept"] = nlohmann::ordered_json::array();
  for (const KeptWeights& each : kept) {
    nlohmann::ordered_json layer{{"layer", each.layer}, {"weights", each.weights}};
    if (each.masked) layer.update({{"zeros", each.zeros}, {"zeros_in_file", each.zeros_in_file}});
    if (each.clustered) layer.update({{"values", each.values}, {"values_in_file", each.values_in_file}});
    json["kept"].push_back(std::move(layer));
  }
}

std::string describe(const std::vector<KeptWeights>& kept, const std::string& file) {
  const Totals totals = totals_of(kept);
  std::vector<std::string> parts;
  if (totals.masked > 0)
    parts.push_back(fmt::format("{} of {} weights are zero in {} layers", with_commas(totals.zeros_in_file),
                                with_commas(totals.weights), totals.masked));
  if (totals.clustered > 0)
    parts.push_back(
        fmt::format("at most {} values a tensor in {} layers", with_commas(totals.most_values), totals.clustered));
  if (parts.empty()) return "";
  std::string text = fmt::format("Counted in {}: {}\n", file, fmt::join(parts, "; "));
  if (!totals.lost.empty())
    text += fmt::format("Lost on the way to the file, where batch normalisations were folded or codes rounded: {}\n",
                        fmt::join(totals.lost, "; "));
  return text;
}

}  // namespace pare
