#include "formats/keras/new_outputs.h"

#include <algorithm>

#include "formats/keras/layer_configs.h"

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
  keras::change_layers(origin.config, [&](keras::Json& layer, const std::string& path) {
    if (path == classifier || std::ranges::count(change.layers, path) > 0)
      keras::set_outputs(layer, change, path == classifier);
  });
  return origin;
}

}  // namespace pare
