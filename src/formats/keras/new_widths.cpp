#include "formats/keras/new_widths.h"

#include "formats/keras/layer_configs.h"

namespace pare {
namespace keras {
namespace {

// Extents of the file's dimensions, in the order of the graph, when the graph's go from `before` to `after`. Neighbours that the graph
// joins to one keep all extents but the first: the multiplier of depthwise channels stays.
std::vector<int64_t> split_again(std::vector<int64_t> dims, const Shape& before, const Shape& after) {
  int at = 0;
  for (size_t i = 0; i < dims.size();) {
    int64_t held = 1, old = 1, now = 1;
    size_t end = i;
    do {
      if (held <= old && end < dims.size())
        held *= dims[end++];
      else if (at < before.rank())
        old *= before[at], now *= after[at], ++at;
    } while (held != old && (end < dims.size() || at < before.rank()));
    if (held != old || held == 0) return dims;
    const int64_t others = held / dims[i];
    if (now != old && now % others == 0) dims[i] = now / others;
    i = end;
  }
  return dims;
}

void narrow(WeightLayout& layout, const Shape& graph) {
  std::vector<int> permutation = layout.permutation;
  for (int i = 0; permutation.size() < static_cast<size_t>(layout.file.rank()); ++i) permutation.push_back(i);
  std::vector<int64_t> dims;
  for (const int dimension : permutation) dims.push_back(layout.file[dimension]);
  dims = split_again(std::move(dims), layout.graph, graph);
  for (size_t i = 0; i < dims.size(); ++i) layout.file[permutation[i]] = dims[i];
  layout.graph = graph;
}

void set_widths(Json& layer, const Shape& result) {
  layer.erase("build_config");  // the shape of its input; Keras finds that out where it is missing
  Json& config = layer["config"];
  if (!config.is_object() || result.rank() == 0) return;
  for (const char* key : {"units", "filters", "output_dim"})
    if (config.contains(key) && config[key].is_number_integer()) config[key] = result[-1];
  if (!config.contains("target_shape") || !config["target_shape"].is_array()) return;
  Json& shape = config["target_shape"];
  for (size_t i = 0; i < shape.size() && shape.size() + 1 == static_cast<size_t>(result.rank()); ++i)
    if (shape[i] != -1) shape[i] = result[static_cast<int>(i) + 1];
}

}  // namespace
}  // namespace keras

KerasOrigin with_new_widths(KerasOrigin origin, const Graph& network) {
  for (KerasWeight& weight : origin.weights)
    if (const Value* value = weight.value.empty() ? nullptr : network.find_value(weight.value);
        value != nullptr && value->type.shape != weight.layout.graph &&
        value->type.shape.rank() == weight.layout.graph.rank())
      keras::narrow(weight.layout, value->type.shape);
  keras::change_layers(origin.config, [&](keras::Json& layer, const std::string& path) {
    if (const Value* result = network.find_value(path)) keras::set_widths(layer, result->type.shape);
  });
  return origin;
}

}  // namespace pare
