#include "formats/keras/network.h"

#include <algorithm>
#include <unordered_map>

namespace pare::keras {
namespace {

constexpr size_t kMostLayers = 20000;

// A reference as the file writes it, before names are looked up. Where a nested model is meant, some versions count its own
// definition as call 0 and its first use as call 1; `base` says so.
struct RawRef {
  std::string layer;
  int64_t call = 0;
  int64_t output = 0;
};
using RawArgument = std::variant<RawRef, double>;

// ["conv2d", 0, 0] or ["conv2d", 0, 0, {...}]
bool is_reference(const Json& json) {
  return json.is_array() && json.size() >= 3 && json[0].is_string() && json[1].is_number_integer() &&
         json[2].is_number_integer();
}

RawRef to_reference(const Json& json) {
  return {json[0].get<std::string>(), json[1].get<int64_t>(), json[2].get<int64_t>()};
}

bool holds_tensor(const Json& json) {
  if (is_reference(json)) return true;
  if (!json.is_structured()) return false;
  if (json.is_object() && json.value("class_name", Json()) == "__keras_tensor__") return true;
  return std::any_of(json.begin(), json.end(), holds_tensor);
}

Failure tensor_keyword(const std::string& key) {
  return unsupported(
      "it is called with a tensor for '{}'; only plain inputs are supported: build the model without it and save it again",
      key);
}

// Keras 2: lists of references; keywords stand behind a reference.
Expected<void> collect_keras2(const Json& json, std::vector<RawArgument>& arguments) {
  if (json.is_array() && json.size() >= 3 && json[0] == "_CONSTANT_VALUE") {
    if (json[2].is_number()) arguments.emplace_back(json[2].get<double>());
  } else if (is_reference(json)) {
    arguments.emplace_back(to_reference(json));
  } else if (json.is_structured()) {
    for (const Json& each : json) PARE_TRY(collect_keras2(each, arguments));
    return {};
  } else {
    return bad_input("an inbound node holds {}, a reference such as [\"layer\", 0, 0] was expected", excerpt(json));
  }
  if (json.size() < 4 || !json[3].is_object()) return {};
  for (const auto& [key, value] : json[3].items()) {
    if (key == "y" && is_reference(value))
      arguments.emplace_back(to_reference(value));  // second operand of arithmetic
    else if (key == "y" && value.is_number())
      arguments.emplace_back(value.get<double>());
    else if (holds_tensor(value))
      return tensor_keyword(key);
  }
  return {};
}

// Keras 3: tensors are objects that carry their history.
Expected<void> collect_keras3(const Json& json, std::vector<RawArgument>& arguments) {
  if (json.is_number()) {
    arguments.emplace_back(json.get<double>());
  } else if (json.is_object() && json.value("class_name", Json()) == "__keras_tensor__") {
    const Json config = json.value("config", Json::object());
    const Json history = config.is_object() ? config.value("keras_history", Json()) : Json();
    if (!is_reference(history))
      return bad_input("a tensor has the history {}, one such as [\"layer\", 0, 0] was expected", excerpt(history));
    arguments.emplace_back(to_reference(history));
  } else if (json.is_structured()) {
    for (const Json& each : json) PARE_TRY(collect_keras3(each, arguments));
  }
  return {};
}

Expected<std::vector<RawArgument>> parse_node(const Json& node) {
  std::vector<RawArgument> arguments;
  if (!node.is_object() || !node.contains("args")) {
    PARE_TRY(collect_keras2(node, arguments));
    return arguments;
  }
  PARE_TRY(collect_keras3(node["args"], arguments));
  const Json keywords = node.value("kwargs", Json::object());
  for (const auto& [key, value] : keywords.items()) {
    if (!holds_tensor(value)) continue;
    if (key != "inputs" && key != "x") return tensor_keyword(key);
    PARE_TRY(collect_keras3(value, arguments));
  }
  return arguments;
}

// `input_layers`, `output_layers`: one reference, a list or a dictionary of them.
Expected<void> collect_ends(const Json& json, std::vector<RawRef>& ends) {
  if (is_reference(json)) {
    ends.push_back(to_reference(json));
    return {};
  }
  if (!json.is_structured())
    return bad_input("the model's ends are listed as {}, references such as [\"layer\", 0, 0] were expected",
                     excerpt(json));
  for (const Json& each : json) PARE_TRY(collect_ends(each, ends));
  return {};
}

bool is_model(const Json& layer) {
  const Json config = layer.value("config", Json());
  return config.is_object() && config.contains("layers");
}

Expected<Layer> parse_layer(const Json& json) {
  if (!json.is_object()) return bad_input("a layer is {}, an object was expected", excerpt(json));
  Settings outer(json);
  Layer layer;
  layer.class_name = outer.text("class_name");
  layer.config = json.value("config", Json::object());
  PARE_TRY(outer.status());
  Settings settings(layer.config);
  layer.name = outer.text("name", settings.text("name", ""));
  layer.trainable = settings.flag("trainable", true);
  PARE_TRY(outer.status());
  PARE_TRY(settings.status());
  if (layer.name.empty()) return bad_input("a layer of class '{}' has no name", layer.class_name);
  if (!is_model(json)) return layer;
  PARE_ASSIGN_IN(Network network, parse_network(json), fmt::format("model '{}'", layer.name));
  layer.network = std::make_unique<Network>(std::move(network));
  layer.config = Json::object();
  return layer;
}

class FunctionalParser {
 public:
  Expected<Network> parse(const Json& config) {
    for (const Json& json : config["layers"]) {
      PARE_ASSIGN(Layer layer, parse_layer(json));
      if (!positions_.emplace(layer.name, network_.layers.size()).second)
        return bad_input("two layers are called '{}'", layer.name);
      const Json nodes = json.value("inbound_nodes", Json::array());
      layer.calls.resize(layer.is_input() ? 1 : nodes.size());
      network_.layers.push_back(std::move(layer));
      nodes_.push_back(nodes);
      for (const Json& node : nodes) keras3_ |= node.is_object() && node.contains("args");
    }
    PARE_TRY(connect());
    PARE_TRY(resolve_ends(config, "input_layers", network_.inputs));
    PARE_TRY(resolve_ends(config, "output_layers", network_.outputs));
    return std::move(network_);
  }

 private:
  Expected<void> connect() {
    for (size_t i = 0; i < network_.layers.size(); ++i) {
      Layer& layer = network_.layers[i];
      if (layer.is_input()) continue;
      size_t call = 0;
      for (const Json& node : nodes_[i]) {
        PARE_ASSIGN_IN(const auto arguments, parse_node(node),
                       fmt::format("layer '{}' ({})", layer.name, layer.class_name));
        for (const RawArgument& argument : arguments) {
          if (const auto* number = std::get_if<double>(&argument)) {
            layer.calls[call].arguments.emplace_back(*number);
            continue;
          }
          PARE_ASSIGN_IN(const OutputRef ref, resolve(std::get<RawRef>(argument), false),
                         fmt::format("layer '{}'", layer.name));
          layer.calls[call].arguments.emplace_back(ref);
        }
        ++call;
      }
    }
    return {};
  }

  Expected<void> resolve_ends(const Json& config, const char* key, std::vector<OutputRef>& ends) {
    std::vector<RawRef> raw;
    PARE_TRY(collect_ends(config.value(key, Json()), raw));
    if (raw.empty()) return bad_input("'{}' is empty; a model has at least one", key);
    for (const RawRef& each : raw) {
      PARE_ASSIGN_IN(const OutputRef ref, resolve(each, true), std::string(key));
      ends.push_back(ref);
    }
    return {};
  }

  // A nested model has a call of its own from its definition. Keras 2 counts it in every reference, Keras 3 only in those of the
  // model's ends and not for Sequential.
  int64_t first_call(const Layer& layer, bool is_end) const {
    if (layer.network == nullptr) return 0;
    if (keras3_) return is_end && layer.class_name != "Sequential" ? 1 : 0;
    return layer.network->layers.front().is_input() ? 1 : 0;
  }

  Expected<OutputRef> resolve(const RawRef& raw, bool is_end) const {
    const auto found = positions_.find(raw.layer);
    if (found == positions_.end()) return bad_input("refers to layer '{}', which the model does not have", raw.layer);
    const Layer& layer = network_.layers[found->second];
    const auto calls = static_cast<int64_t>(layer.calls.size());
    int64_t call = raw.call - first_call(layer, is_end);
    if (layer.network != nullptr && (call < 0 || call >= calls))
      call = raw.call - (1 - first_call(layer, is_end));  // the other way of counting
    if (call < 0 || call >= calls || raw.output < 0)
      return bad_input("refers to output {} of call {} of layer '{}', which has {} calls", raw.output, raw.call,
                       raw.layer, calls);
    return OutputRef{found->second, static_cast<size_t>(call), static_cast<size_t>(raw.output)};
  }

  Network network_;
  std::vector<Json> nodes_;  // the inbound nodes of each layer
  std::unordered_map<std::string, size_t> positions_;
  bool keras3_ = false;
};

// Older files give the input shape with the first layer, or beside the list of layers.
Json declared_input_shape(const Json& json) {
  const Json config = json.value("config", Json::object());
  if (!config.is_object()) return {};
  for (const char* key : {"batch_input_shape", "batch_shape", "build_input_shape"})
    if (const Json shape = config.value(key, Json()); shape.is_array()) return shape;
  if (const Json layers = config.value("layers", Json()); layers.is_array() && !layers.empty() && layers[0].is_object())
    if (Json shape = declared_input_shape(layers[0]); shape.is_array()) return shape;
  const Json build = json.value("build_config", Json::object());
  return build.is_object() ? build.value("input_shape", Json()) : Json();
}

Expected<Network> parse_sequential(const Json& json) {
  Network network;
  for (const Json& each : json["config"]["layers"]) {
    PARE_ASSIGN(Layer layer, parse_layer(each));
    if (network.layers.empty() && !layer.is_input()) {
      Layer input;
      input.name = layer.name + "_input";
      input.class_name = "InputLayer";
      input.config = Json{{"batch_shape", declared_input_shape(json)}};
      network.layers.push_back(std::move(input));
    } else if (!network.layers.empty() && layer.is_input()) {
      return bad_input("InputLayer '{}' is not the first of its Sequential model", layer.name);
    }
    network.layers.push_back(std::move(layer));
  }
  for (size_t i = 0; i < network.layers.size(); ++i) {
    network.layers[i].calls.resize(1);
    if (i > 0) network.layers[i].calls[0].arguments.emplace_back(OutputRef{i - 1, 0, 0});
  }
  network.inputs = {OutputRef{0, 0, 0}};
  network.outputs = {OutputRef{network.layers.size() - 1, 0, 0}};
  return network;
}

}  // namespace

Expected<Network> parse_network(const Json& json) {
  if (!json.is_object()) return bad_input("the configuration is {}, an object was expected", excerpt(json));
  Settings outer(json);
  const std::string class_name = outer.text("class_name");
  PARE_TRY(outer.status());
  if (!is_model(json))
    return unsupported(
        "'{}' is a subclassed model: its file does not say how its layers are connected. Rebuild it as a functional model, "
        "or convert it to TFLite and give that file",
        class_name);
  const Json& config = json["config"];
  const Json& layers = config["layers"];
  if (!layers.is_array() || layers.empty()) return bad_input("the model has no layers");
  if (layers.size() > kMostLayers)
    return unsupported("the model has {} layers, at most {} are supported", layers.size(), kMostLayers);
  const bool sequential = !config.contains("input_layers");
  PARE_ASSIGN(Network network, sequential ? parse_sequential(json) : FunctionalParser().parse(config));
  network.name = Settings(config).text("name", "model");
  return network;
}

Expected<InputSpec> input_spec(const Layer& layer) {
  Settings settings(layer.config);
  const Json* shape = settings.find("batch_shape");
  if (shape == nullptr) shape = settings.find("batch_input_shape");
  if (shape == nullptr)
    return bad_input(
        "the file does not give the input shape; call the model once on a batch, or model.build(shape), and save it again");
  PARE_ASSIGN(Shape extents, parse_shape(*shape));
  if (settings.flag("sparse", false) || settings.flag("ragged", false))
    return unsupported("sparse and ragged inputs are not supported; use a dense Input");
  InputSpec spec{std::move(extents), settings.text("dtype", "float32")};
  PARE_TRY(settings.status());
  return spec;
}

}  // namespace pare::keras
