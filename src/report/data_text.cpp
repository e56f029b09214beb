#include "report/data_text.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/table.h"

namespace pare {
namespace {

// "4,950 to 5,050 in each of 10", or nothing for targets that are no classes.
std::string balance(const std::vector<int64_t>& per_class) {
  if (per_class.empty()) return "";
  const auto [low, high] = std::minmax_element(per_class.begin(), per_class.end());
  const std::string count =
      *low == *high ? with_commas(*low) : fmt::format("{} to {}", with_commas(*low), with_commas(*high));
  return fmt::format("{} in each of {}", count, per_class.size());
}

}  // namespace

nlohmann::ordered_json to_json(const DataSet& set, const std::vector<SplitSummary>& splits) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const SplitSummary& split : splits) {
    nlohmann::ordered_json inputs = nlohmann::ordered_json::array();
    for (const InputSummary& input : split.inputs)
      inputs.push_back({{"name", input.name},
                        {"dtype", std::string(to_string(input.dtype))},
                        {"shape", input.shape.dims()},
                        {"lowest", input.lowest},
                        {"highest", input.highest},
                        {"mean", input.mean}});
    list.push_back(
        {{"name", split.name}, {"samples", split.samples}, {"per_class", split.per_class}, {"inputs", inputs}});
  }
  return {{"data", set.name()},
          {"target", std::string(to_string(set.target()))},
          {"classes", set.classes()},
          {"class_names", set.class_names()},
          {"splits", list}};
}

std::string describe(const DataSet& set, const std::vector<SplitSummary>& splits) {
  std::string text = fmt::format("Data set:  {}\nTarget:    {}", set.name(), to_string(set.target()));
  if (set.classes() > 0) text += fmt::format(", {} classes", set.classes());
  if (!set.class_names().empty()) text += fmt::format(" ({})", fmt::join(set.class_names(), ", "));
  Table table({"split", ">samples", "per class", "input", "sample", ">lowest", ">highest", ">mean"});
  for (const SplitSummary& split : splits) {
    std::string name = split.name, samples = with_commas(split.samples), classes = balance(split.per_class);
    for (const InputSummary& input : split.inputs) {
      table.row({name, samples, classes, input.name,
                 fmt::format("{}{}", to_string(input.dtype), input.shape.to_string()),
                 fmt::format("{:.4g}", input.lowest), fmt::format("{:.4g}", input.highest),
                 fmt::format("{:.4g}", input.mean)});
      name = samples = classes = "";  // said in the first line of the split
    }
  }
  return text + "\n\n" + table.text();
}

std::string describe(const Description& description, const std::string& path) {
  std::vector<std::string> parts;
  double rest = 1;
  for (const SplitDescription& split : description.splits) {
    parts.push_back(fmt::format("{} {}", to_string(split.split), percent(split.fraction.value_or(0), 1)));
    rest -= split.fraction.value_or(0);
  }
  std::string text = fmt::format("{}: {}\n", path, fmt::join(parts, ", "));
  if (rest > 1e-9) text += fmt::format("{} of the samples are in no split.\n", percent(rest, 1));
  return text;
}

}  // namespace pare
