#include "quant/plan_file.h"

#include <nlohmann/json.hpp>

namespace pare {
namespace {

using Json = nlohmann::json;

Json to_json(const Storage& storage) {
  Json json{{"dtype", to_string(storage.dtype)}};
  if (!storage.quantization) return json;
  const Quantization& q = *storage.quantization;
  json["scales"] = q.scales;
  json["zero_points"] = q.zero_points;
  json["axis"] = q.axis;
  json["block"] = q.block;
  json["bits"] = storage.bits;
  return json;
}

// Members are taken by at() and get(), which throw for what is missing or of another type; stored_plan() turns that into an error.
Storage storage_of(const Json& json) {
  const auto dtype = parse_dtype(json.at("dtype").get<std::string>());
  if (!dtype) throw std::invalid_argument("an unknown element type");
  Storage storage{*dtype, std::nullopt};
  if (!json.contains("scales")) return storage;
  storage.bits = json.value("bits", storage.bits);  // files from before there were fewer
  storage.quantization =
      Quantization{json.at("scales").get<std::vector<float>>(), json.at("zero_points").get<std::vector<int64_t>>(),
                   json.at("axis").get<int>(), json.at("block").get<int64_t>()};
  return storage;
}

template <class Enum>
Enum enum_of(const Json& json) {
  const auto value = parse_enum<Enum>(json.get<std::string>());
  if (!value) throw std::invalid_argument("an unknown word");
  return *value;
}

QuantPlan plan_of(const Json& json) {
  QuantPlan plan;
  plan.mode = enum_of<QuantMode>(json.at("mode"));
  const auto io = parse_dtype(json.at("io").get<std::string>());
  if (!io) throw std::invalid_argument("an unknown element type");
  plan.io = *io;
  for (const auto& [name, storage] : json.at("values").items()) plan.values.emplace(name, storage_of(storage));
  for (const auto& [name, node] : json.at("nodes").items())
    plan.nodes.emplace(name, NodePlan{enum_of<Precision>(node.at("precision")), node.at("reason").get<std::string>(),
                                      node.at("remedy").get<std::string>()});
  for (const Json& each : json.at("requantized"))
    plan.requantized.emplace(std::pair(each.at("node").get<std::string>(), each.at("operand").get<size_t>()),
                             storage_of(each.at("as")));
  return plan;
}

}  // namespace

void store_plan(const QuantPlan& plan, Model& model) {
  Json json{{"mode", to_string(plan.mode)},
            {"io", to_string(plan.io)},
            {"values", Json::object()},
            {"nodes", Json::object()},
            {"requantized", Json::array()}};
  for (const auto& [name, storage] : plan.values) json["values"][name] = to_json(storage);
  for (const auto& [name, node] : plan.nodes)
    json["nodes"][name] = {{"precision", to_string(node.precision)}, {"reason", node.reason}, {"remedy", node.remedy}};
  for (const auto& [place, storage] : plan.requantized)
    json["requantized"].push_back({{"node", place.first}, {"operand", place.second}, {"as", to_json(storage)}});
  model.extras[kPlanExtra] = json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Expected<std::optional<QuantPlan>> stored_plan(const Model& model) {
  const auto found = model.extras.find(kPlanExtra);
  if (found == model.extras.end()) return std::optional<QuantPlan>();
  const auto* text = std::get_if<std::string>(&found->second);
  try {
    if (text == nullptr) throw std::invalid_argument("it is an array");
    return std::optional<QuantPlan>(plan_of(Json::parse(*text)));
  } catch (const std::exception& problem) {
    return bad_input("the quantisation plan of the file is damaged ({}); quantise the float model again",
                     problem.what());
  }
}

}  // namespace pare
