#include "formats/pare/writer.h"

#include <nlohmann/json.hpp>

#include "formats/pare/container.h"
#include "ir/text.h"

namespace pare {
namespace {

using Json = nlohmann::json;

constexpr PrintOptions kWithoutData{.max_elements = -1};

void add_graph(const Graph& graph, size_t number, PareContainerWriter& file) {
  file.add(fmt::format("graphs/{}", number), print(graph, kWithoutData));
  for (const auto& value : graph.values())
    if (value->is_constant()) file.add(fmt::format("constants/{}/{}", number, value->name), *value->data);
}

// What the text form leaves out: the order of the values, names of nodes that are not those of their first results, numbers of tensors
// in a .tflite file.
Json details_of(const Graph& graph) {
  Json order = Json::array(), names = Json::object(), numbers = Json::object();
  for (const auto& value : graph.values()) order.push_back(value->name);
  for (const auto& node : graph.nodes())
    if (!node->results.empty() && node->name != node->result()->name) names[node->result()->name] = node->name;
  for (const auto& value : graph.values())
    if (value->file_index >= 0) numbers[value->name] = value->file_index;
  return {{"values", order}, {"node_names", names}, {"file_indices", numbers}};
}

Json ports(const std::vector<std::pair<std::string, Value*>>& ports) {
  Json list = Json::array();
  for (const auto& [name, value] : ports) list.push_back({name, value->name});
  return list;
}

Json signature_record(const Signature& signature) {
  return {{"key", signature.key},
          {"graph", signature.graph},
          {"inputs", ports(signature.inputs)},
          {"outputs", ports(signature.outputs)}};
}

Json keras_record(const KerasOrigin& origin, PareContainerWriter& file) {
  file.add("keras/config", origin.config);
  if (!origin.training.empty()) file.add("keras/training", origin.training);
  Json weights = Json::array();
  for (size_t i = 0; i < origin.weights.size(); ++i) {
    const KerasWeight& weight = origin.weights[i];
    if (weight.value.empty()) file.add(fmt::format("keras/weights/{}", i), weight.data);
    weights.push_back({{"layer", weight.layer},
                       {"name", weight.name},
                       {"value", weight.value},
                       {"file_shape", weight.layout.file.dims()},
                       {"permutation", weight.layout.permutation},
                       {"graph_shape", weight.layout.graph.dims()}});
  }
  return {{"version", origin.version},
          {"archive", origin.archive},
          {"container", origin.container},
          {"weights", std::move(weights)}};
}

}  // namespace

Expected<std::vector<std::byte>> write_pare(const Model& model) {
  PareContainerWriter file;
  Json record{{"description", model.description},
              {"source_format", model.source_format},
              {"source_path", model.source_path},
              {"graphs", Json::array()},
              {"signatures", Json::array()}};
  for (const Graph& graph : model.graphs) record["graphs"].push_back(details_of(graph));
  for (const Signature& signature : model.signatures) record["signatures"].push_back(signature_record(signature));
  if (model.keras != nullptr) record["keras"] = keras_record(*model.keras, file);
  for (size_t i = 0; i < model.graphs.size(); ++i) add_graph(model.graphs[i], i, file);
  for (const auto& [name, bytes] : model.metadata)
    file.add("metadata/" + name, Tensor(DType::UInt8, Shape{static_cast<int64_t>(bytes.size())}, bytes));
  for (const auto& [name, extra] : model.extras)
    std::visit([&, &key = name](const auto& content) { file.add("extras/" + key, content); }, extra);
  try {
    file.add("model", record.dump());
  } catch (const Json::exception&) {
    return unsupported(
        "a name in the model is not UTF-8, which a .pare file cannot hold; rename it or write another format");
  }
  return file.bytes();
}

}  // namespace pare
