#include "formats/pare/reader.h"

#include <cstring>

#include "formats/keras/settings.h"
#include "formats/keras/weight_layout.h"
#include "formats/tflite/composites.h"
#include "ir/text.h"

namespace pare {
namespace {

using keras::Json;

Failure damaged(std::string_view what) { return bad_input("the record of the {} is damaged", what); }

// A member of this type; nothing where it is missing or something else.
std::optional<std::string> text_in(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}
const Json& list_in(const Json& json, const char* key) {
  static const Json none = Json::array();
  const auto found = json.find(key);
  return found == json.end() || !found->is_array() ? none : *found;
}

// The same graph with its values in this order, which is that of tensors in files.
Expected<Graph> in_order(const Graph& graph, const Json& names) {
  Graph copy(graph.name);
  Twins twins;
  for (const Json& name : names) {
    const Value* value = name.is_string() ? graph.find_value(name.get<std::string>()) : nullptr;
    if (value == nullptr || twins.contains(value)) return damaged("graph");
    twins.emplace(value, copy.add_copy(*value, value->name));
  }
  if (twins.size() != graph.values().size()) return damaged("graph");
  for (const auto& node : graph.nodes()) copy.append_copy(*node, twins);
  copy.inputs = twins_of(graph.inputs, twins);
  copy.outputs = twins_of(graph.outputs, twins);
  return copy;
}

Expected<void> read_details(const Json& details, Graph& graph) {
  const Json names = details.value("node_names", Json::object()),
             numbers = details.value("file_indices", Json::object());
  if (!names.is_object() || !numbers.is_object()) return damaged("graph");
  for (const auto& [result, name] : names.items()) {
    const Value* value = graph.find_value(result);
    if (value == nullptr || value->producer == nullptr || !name.is_string()) return damaged("graph");
    value->producer->name = name.get<std::string>();
  }
  for (const auto& [name, number] : numbers.items()) {
    Value* value = graph.find_value(name);
    if (value == nullptr || !number.is_number_integer()) return damaged("graph");
    value->file_index = number.get<int>();
  }
  return {};
}

Expected<Graph> read_graph(PareContainer& file, size_t number, const Json& details) {
  if (!details.is_object()) return damaged("graph");
  PARE_ASSIGN(const std::string text, file.text(fmt::format("graphs/{}", number)));
  const auto data_of = [&](const std::string& name) {
    return file.tensor(fmt::format("constants/{}/{}", number, name));
  };
  PARE_ASSIGN_IN(const Graph parsed, parse_graph(text, data_of), fmt::format("graph {}", number));
  PARE_ASSIGN(Graph graph, in_order(parsed, list_in(details, "values")));
  PARE_TRY(read_details(details, graph));
  return graph;
}

Expected<void> read_ports(const Json& list, const Graph& graph, std::vector<std::pair<std::string, Value*>>& ports) {
  for (const Json& port : list) {
    if (!port.is_array() || port.size() != 2 || !port[0].is_string() || !port[1].is_string())
      return damaged("signatures");
    Value* value = graph.find_value(port[1].get<std::string>());
    if (value == nullptr) return damaged("signatures");
    ports.emplace_back(port[0].get<std::string>(), value);
  }
  return {};
}

Expected<Signature> read_signature(const Json& json, const std::vector<Graph>& graphs) {
  const auto key = json.is_object() ? text_in(json, "key") : std::nullopt;
  const Json graph = key ? json.value("graph", Json()) : Json();
  if (!graph.is_number_unsigned() || graph.get<uint64_t>() >= graphs.size()) return damaged("signatures");
  Signature signature{*key, graph.get<size_t>(), {}, {}};
  PARE_TRY(read_ports(list_in(json, "inputs"), graphs[signature.graph], signature.inputs));
  PARE_TRY(read_ports(list_in(json, "outputs"), graphs[signature.graph], signature.outputs));
  return signature;
}

Expected<KerasWeight> read_keras_weight(const Json& json, size_t number, PareContainer& file) {
  if (!json.is_object()) return damaged("Keras file");
  const auto layer = text_in(json, "layer"), name = text_in(json, "name"), value = text_in(json, "value");
  const auto stored = shape_of(json.value("file_shape", Json())), graph = shape_of(json.value("graph_shape", Json()));
  const Json permutation = json.value("permutation", Json());
  if (!layer || !name || !value || !stored || !graph || !permutation.is_array()) return damaged("Keras file");
  KerasWeight weight;
  weight.layer = *layer;
  weight.name = *name;
  weight.value = *value;
  weight.layout.file = *stored;
  weight.layout.graph = *graph;
  for (const Json& dimension : permutation) {
    if (!dimension.is_number_unsigned() || dimension.get<uint64_t>() >= permutation.size())
      return damaged("Keras file");
    weight.layout.permutation.push_back(dimension.get<int>());
  }
  if (!keras::is_valid(weight.layout)) return damaged("Keras file");
  if (!value->empty()) return weight;
  PARE_ASSIGN(weight.data, file.tensor(fmt::format("keras/weights/{}", number)));
  if (weight.data.dtype() != DType::Float32 || weight.data.shape() != *stored) return damaged("Keras file");
  return weight;
}

Expected<std::shared_ptr<const KerasOrigin>> read_keras_record(const Json& json, PareContainer& file) {
  if (!json.is_object()) return damaged("Keras file");
  const auto version = text_in(json, "version"), container = text_in(json, "container");
  const Json archive = json.value("archive", Json());
  if (!version || !container || !archive.is_boolean()) return damaged("Keras file");
  KerasOrigin origin{.version = *version, .archive = archive.get<bool>(), .container = *container};
  PARE_ASSIGN(origin.config, file.text("keras/config"));
  if (file.has("keras/training")) { PARE_ASSIGN(origin.training, file.text("keras/training")); }
  for (const Json& weight : list_in(json, "weights")) {
    PARE_ASSIGN(KerasWeight read, read_keras_weight(weight, origin.weights.size(), file));
    origin.weights.push_back(std::move(read));
  }
  return std::make_shared<const KerasOrigin>(std::move(origin));
}

Expected<void> read_attachments(PareContainer& file, Model& model) {
  for (const std::string& name : file.names_below("metadata/")) {
    PARE_ASSIGN(const Tensor bytes, file.tensor("metadata/" + name));
    model.metadata[name].assign(bytes.bytes().begin(), bytes.bytes().end());
  }
  for (const std::string& name : file.names_below("extras/")) {
    const std::string section = "extras/" + name;
    if (file.is_text(section)) {
      PARE_ASSIGN(model.extras[name], file.text(section));
    } else {
      PARE_ASSIGN(model.extras[name], file.tensor(section));
    }
  }
  return {};
}

}  // namespace

bool is_pare(std::span<const std::byte> bytes) {
  constexpr std::string_view kStart = "\x89PARE";
  return bytes.size() >= kStart.size() && std::memcmp(bytes.data(), kStart.data(), kStart.size()) == 0;
}

Expected<Model> read_pare(std::span<const std::byte> bytes, Checksums checksums) {
  PARE_ASSIGN(PareContainer file, PareContainer::open(bytes, checksums));
  PARE_ASSIGN(const std::string text, file.text("model"));
  PARE_ASSIGN_IN(const Json record, keras::parse_json(text), "section 'model'");
  if (!record.is_object()) return damaged("model");
  Model model;
  model.description = text_in(record, "description").value_or("");
  model.source_format = text_in(record, "source_format").value_or("");
  model.source_path = text_in(record, "source_path").value_or("");
  const Json& graphs = list_in(record, "graphs");
  if (graphs.empty()) return bad_input("the file holds no graph");
  for (const Json& details : graphs) {
    PARE_ASSIGN(Graph graph, read_graph(file, model.graphs.size(), details));
    model.graphs.push_back(std::move(graph));
  }
  PARE_TRY(tflite::check_composites(model));
  for (const Json& signature : list_in(record, "signatures")) {
    PARE_ASSIGN(Signature read, read_signature(signature, model.graphs));
    model.signatures.push_back(std::move(read));
  }
  if (record.contains("keras")) { PARE_ASSIGN(model.keras, read_keras_record(record["keras"], file)); }
  PARE_TRY(read_attachments(file, model));
  return model;
}

}  // namespace pare
