#include "formats/keras/layer_configs.h"

namespace pare::keras {
namespace {

void visit_layers(Json& model, const std::function<void(Json& layer, const std::string& path)>& see,
                  const std::string& prefix) {
  Json& config = model["config"];
  Json& layers = config.is_object() ? config["layers"] : config;  // a list in files of the first versions of Keras 2
  for (Json& layer : layers) {
    Json& settings = layer["config"];
    const std::string path = prefix + settings.value("name", layer.value("name", ""));
    if (settings.is_object() && settings.contains("layers"))
      visit_layers(layer, see, path + "/");
    else
      see(layer, path);
  }
}

}  // namespace

void change_layers(std::string& architecture, const std::function<void(Json& layer, const std::string& path)>& change) {
  try {
    Json changed = Json::parse(architecture);
    visit_layers(changed, change, "");
    architecture = changed.dump();
  } catch (const Json::exception&) {  // not in the form that is known here
    return;
  }
}

}  // namespace pare::keras
