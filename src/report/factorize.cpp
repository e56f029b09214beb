#include "report/factorize.h"

#include <nlohmann/json.hpp>

#include "report/table.h"

namespace pare {
namespace {

double share(int64_t part, int64_t all) { return static_cast<double>(part) / static_cast<double>(all); }

}  // namespace

nlohmann::ordered_json to_json(const FactorizeResult& result, const FactorizeSummary& summary) {
  nlohmann::ordered_json layers = nlohmann::ordered_json::array();
  for (const FactorizedLayer& each : result.layers)
    layers.push_back({{"layer", each.layer},
                      {"weights", each.weights.to_string()},
                      {"full_rank", each.full_rank},
                      {"rank", each.rank ? nlohmann::ordered_json(*each.rank) : nlohmann::ordered_json(nullptr)},
                      {"energy", each.kept},
                      {"multiply_adds", {{"before", each.multiply_adds_before}, {"after", each.multiply_adds_after}}}});
  return {{"model", summary.model},
          {"output", summary.output},
          {"samples", summary.samples},
          {"multiply_adds", {{"before", result.multiply_adds_before}, {"after", result.multiply_adds_after}}},
          {"weights", {{"before", result.weights_before}, {"after", result.weights_after}}},
          {"size_bytes", {{"before", summary.source_bytes}, {"after", summary.output_bytes}}},
          {"layers", std::move(layers)}};
}

std::string describe(const FactorizeResult& result, const FactorizeSummary& summary) {
  Table table({"~layer", "weights", ">rank", ">of", ">energy", ">multiply-adds", ">share"});
  for (const FactorizedLayer& each : result.layers)
    table.row({each.layer, each.weights.to_string(), each.rank ? with_commas(*each.rank) : "as it is",
               with_commas(each.full_rank), percent(each.kept), with_commas(each.multiply_adds_after),
               percent(share(each.multiply_adds_after, each.multiply_adds_before), 1)});
  std::string text = table.text();
  text += fmt::format("\n{}: {} multiply-adds a sample, {} of {}; {} of {} weights of these layers\n", summary.output,
                      human_count(result.multiply_adds_after),
                      percent(share(result.multiply_adds_after, result.multiply_adds_before), 1),
                      human_count(result.multiply_adds_before), with_commas(result.weights_after),
                      with_commas(result.weights_before));
  text += fmt::format("Size: {}; {} was {}\n", human_bytes(summary.output_bytes), summary.model,
                      human_bytes(summary.source_bytes));
  return text +
         (summary.samples > 0
              ? fmt::format("energy: of the outputs of a layer, over {} samples\n", summary.samples)
              : "energy: of the weights; with --data it is that of the outputs over samples, which costs less accuracy\n");
}

}  // namespace pare
