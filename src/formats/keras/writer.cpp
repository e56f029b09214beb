#include "formats/keras/writer.h"

#include <algorithm>
#include <map>

#include "formats/keras/hdf5_image.h"
#include "formats/keras/network.h"
#include "formats/keras/reader.h"
#include "formats/keras/settings.h"
#include "formats/keras/weight_index.h"
#include "formats/keras/weight_layout.h"
#include "formats/keras/zip_file.h"
#include "ir/diff.h"

namespace pare {
namespace keras {
namespace {

constexpr const char* kRemedy =
    "a Keras file takes the network as it was read, with other weights: write it before batch normalisation is folded, it "
    "is quantised or otherwise rebuilt, or write .tflite";

// Layer and name of a weight -> what the file is to hold, in the layout of Keras.
using Weights = std::map<std::pair<std::string, std::string>, Tensor>;

Expected<Weights> present_weights(const KerasOrigin& origin, const Graph& graph) {
  Weights weights;
  for (const KerasWeight& weight : origin.weights) {
    Tensor& data = weights[{weight.layer, weight.name}];
    if (weight.value.empty()) {
      data = weight.data;
      continue;
    }
    const Value* value = graph.find_value(weight.value);
    if (value == nullptr || !value->is_constant())
      return unsupported("the graph has no constant '{}' any more, which holds the weight '{}' of layer '{}'; {}",
                         weight.value, weight.name, weight.layer, kRemedy);
    if (value->type != TensorType{DType::Float32, weight.layout.graph, std::nullopt})
      return unsupported("the constant '{}' is {}, weight '{}' of layer '{}' needs f32{}; {}", weight.value,
                         to_string(value->type), weight.name, weight.layer, weight.layout.graph.to_string(), kRemedy);
    data = to_file(weight.layout, *value->data);
  }
  return weights;
}

// Keras counts the samples of a Normalization layer in an integer.
Tensor stored_form(const OwnedWeight& owned, const Tensor& weight) {
  if (owned.name != "count") return weight;
  Tensor counted(DType::Int64, weight.shape());
  std::ranges::copy(to_int64(weight), counted.mutable_values<int64_t>().begin());
  return counted;
}

// The weights of one layer that the file had, in order.
std::vector<std::pair<OwnedWeight, Tensor>> weights_of(const Layer& layer, const Weights& weights) {
  std::vector<std::pair<OwnedWeight, Tensor>> found;
  for (const OwnedWeight& owned : weights_in_order(layer))
    if (const auto at = weights.find({owned.path, std::string(owned.name)}); at != weights.end())
      found.emplace_back(owned, stored_form(owned, at->second));
  return found;
}

// Source of the layout: keras.src.legacy.saving.legacy_h5_format.
Expected<std::vector<std::byte>> h5_file(const KerasOrigin& origin, const Network& network, const Weights& weights) {
  Hdf5Image file;
  file.text("", "backend", "tensorflow");
  file.text("", "keras_version", origin.version);
  file.text("", "model_config", origin.config);
  if (!origin.training.empty()) file.text("", "training_config", origin.training);
  const std::string root = "model_weights";
  file.group(root);
  std::vector<std::string> names;
  for (const Layer& layer : network.layers) {
    if (layer.is_input()) continue;
    names.push_back(layer.name);
    const std::string group = fmt::format("{}/{}", root, layer.name);
    file.group(group);
    std::vector<std::string> weight_names;
    for (const auto& [owned, data] : weights_of(layer, weights)) {
      weight_names.push_back(fmt::format("{}/{}{}", owned.path, owned.name, origin.major() == 2 ? ":0" : ""));
      file.tensor(fmt::format("{}/{}", group, weight_names.back()), data);
    }
    file.texts(group, "weight_names", weight_names);
  }
  file.texts(root, "layer_names", names);
  file.text(root, "backend", "tensorflow");
  file.text(root, "keras_version", origin.version);
  file.group(root + "/top_level_model_weights");
  file.texts(root + "/top_level_model_weights", "weight_names", {});
  return file.bytes();
}

// Source of the layout: keras.src.saving.saving_lib.
Expected<std::vector<std::byte>> archive_weights(const KerasOrigin& origin, const Network& network,
                                                 const Weights& weights) {
  Hdf5Image file;
  const WeightIndex index = WeightIndex::of_archive(origin.container, network);
  file.group("vars");  // of the model itself
  for (const std::string& group : index.groups()) file.group(group + "/vars");
  for (const Layer& layer : network.layers)
    for (const auto& [owned, data] : weights_of(layer, weights))
      file.tensor(index.path(*owned.layer, owned.name), data);
  return file.bytes();
}

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

// Reads the weights back: they must give the very graph that they were taken from.
Expected<void> check_same_network(const Model& model, const KerasOrigin& origin, std::span<const std::byte> weights) {
  PARE_ASSIGN(Hdf5File file, Hdf5File::from_bytes(weights));
  PARE_ASSIGN(const Model written, build_model({origin, std::move(file)}));
  const std::string changes = diff(written.main(), model.main());
  if (changes.empty()) return {};
  return unsupported("the graph is not the one that was read from the Keras file (first difference: {}); {}",
                     changes.substr(0, std::min<size_t>(changes.find('\n'), 200)), kRemedy);
}

}  // namespace
}  // namespace keras

Expected<void> check_writable_as_keras(const Model& model, KerasFile kind) {
  if (model.keras == nullptr)
    return unsupported(
        "the model did not come from a Keras file, and only such a one can become one again; write .tflite instead");
  if (kind == KerasFile::Archive && !model.keras->archive)
    return unsupported(
        "the model came from an .h5 file, which describes its layers otherwise than .keras does; write .h5 (Keras itself "
        "turns that into .keras)");
  return {};
}

Expected<std::vector<std::byte>> write_keras(const Model& model, KerasFile kind) {
  PARE_TRY(check_writable_as_keras(model, kind));
  KerasOrigin origin = *model.keras;
  PARE_ASSIGN(const keras::Json architecture, keras::parse_json(origin.config));
  PARE_ASSIGN(const keras::Network network, keras::parse_network(architecture));
  PARE_ASSIGN(const keras::Weights weights, keras::present_weights(origin, model.main()));
  origin.archive = kind == KerasFile::Archive;
  PARE_ASSIGN(std::vector<std::byte> file, origin.archive ? keras::archive_weights(origin, network, weights)
                                                          : keras::h5_file(origin, network, weights));
  PARE_TRY(keras::check_same_network(model, origin, file));
  if (!origin.archive) return file;
  const std::string metadata = keras::Json{{"keras_version", origin.version}}.dump();
  return make_zip({{"metadata.json", keras::bytes_of(metadata)},
                   {"config.json", keras::bytes_of(origin.config)},
                   {"model.weights.h5", std::move(file)}});
}

}  // namespace pare
