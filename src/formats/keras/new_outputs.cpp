#include "formats/keras/new_outputs.h"

#include <algorithm>

#include "formats/keras/settings.h"

namespace pare {
namespace keras {
namespace {

void set_outputs(Json& layer, const NewOutputs& change, bool is_classifier) {
  Json& config = layer["config"];
  if (is_classifier)
    for (const char* key : {"units", "filters"})
      if (config.contains(key)) config[key] = change.after;
  if (change.softmax && config.value("activation", Json()) == "sigmoid") config["activation"] = "softmax";
  const auto widen = [&](Json& shape) {
    if (shape.is_array() && !shape.empty() && shape.back() == change.before) shape.back() = change.after;
  };
  if (config.contains("target_shape")) widen(config["target_shape"]);
  if (!is_classifier && layer.contains("build_config") && layer["build_config"].contains("input_shape"))
    widen(layer["build_config"]["input_shape"]);
}

// Goes through the layers of a model and of the models in it. `prefix`: the names of the models around it.
void visit(Json& model, const std::string& prefix, const NewOutputs& change, const std::string& classifier) {
  Json& config = model["config"];
  Json& layers = config.is_object() ? config["layers"] : config;  // a list in files of the first versions of Keras 2
  for (Json& layer : layers) {
    Json& settings = layer["config"];
    const std::string path = prefix + settings.value("name", layer.value("name", ""));
    if (settings.is_object() && settings.contains("layers"))
      visit(layer, path + "/", change, classifier);
    else if (path == classifier || std::ranges::count(change.layers, path) > 0)
      set_outputs(layer, change, path == classifier);
  }
}

}  // namespace
}  // namespace keras

KerasOrigin with_new_outputs(KerasOrigin origin, const NewOutputs& change) {
  std::string classifier;
  for (KerasWeight& weight : origin.weights) {
    if (std::ranges::count(change.weights, weight.value) == 0) continue;
    classifier = weight.layer;
    WeightLayout& layout = weight.layout;
    layout.graph[0] = change.after;
    layout.file[layout.permutation.empty() ? 0 : layout.permutation[0]] = change.after;
  }
  try {
    keras::Json architecture = keras::Json::parse(origin.config);
    keras::visit(architecture, "", change, classifier);
    origin.config = architecture.dump();
  } catch (const keras::Json::exception&) {  // not in the form that is known here
    return origin;
  }
  return origin;
}

}  // namespace pare
