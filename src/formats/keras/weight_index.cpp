#include "formats/keras/weight_index.h"

#include <cctype>

#include "formats/keras/layers.h"

namespace pare::keras {
namespace {

bool is_upper(char c) { return std::isupper(static_cast<unsigned char>(c)) != 0; }
bool is_lower(char c) { return std::islower(static_cast<unsigned char>(c)) != 0; }

// The weights of a layer or nested model in the order of an .h5 file: all trainable ones, then all others. Those of a frozen layer
// count as not trainable.
struct FlatWeights {
  std::vector<OwnedWeight> trainable, frozen;
};

FlatWeights flatten(const Layer& layer, const std::string& prefix) {
  FlatWeights flat;
  const std::string path = prefix + layer.name;
  if (layer.network != nullptr) {
    for (const Layer& inner : layer.network->layers) {
      const FlatWeights part = flatten(inner, path + "/");
      flat.trainable.insert(flat.trainable.end(), part.trainable.begin(), part.trainable.end());
      flat.frozen.insert(flat.frozen.end(), part.frozen.begin(), part.frozen.end());
    }
  } else {
    for (const WeightSpec& spec : weight_specs(layer))
      (spec.trainable ? flat.trainable : flat.frozen).push_back({&layer, path, spec.name});
  }
  if (!layer.trainable) {
    flat.frozen.insert(flat.frozen.begin(), flat.trainable.begin(), flat.trainable.end());
    flat.trainable.clear();
  }
  return flat;
}

// State of random number generators, which some layers store among their weights.
bool is_random_state(std::string_view name) {
  return name.find("StateVar") != std::string_view::npos || name.find("seed_generator") != std::string_view::npos;
}

}  // namespace

std::vector<OwnedWeight> weights_in_order(const Layer& layer) {
  FlatWeights flat = flatten(layer, "");
  flat.trainable.insert(flat.trainable.end(), flat.frozen.begin(), flat.frozen.end());
  return std::move(flat.trainable);
}

std::string snake_case(std::string_view class_name) {
  // A word starts at a capital that a small letter follows, and at a capital behind a small letter.
  std::string split;
  for (size_t i = 0; i < class_name.size(); ++i) {
    const char c = class_name[i];
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_') continue;
    const bool before_small = i + 1 < class_name.size() && is_lower(class_name[i + 1]);
    const bool behind_small = i > 0 && is_lower(class_name[i - 1]);
    if (!split.empty() && split.back() != '_' && is_upper(c) && (before_small || behind_small)) split += '_';
    split += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return split;
}

Expected<WeightIndex> WeightIndex::of_h5(const Hdf5File& file, const std::string& root, const Network& network) {
  WeightIndex index;
  for (const Layer& layer : network.layers) PARE_TRY(index.add_h5_layer(file, root, layer));
  return index;
}

Expected<void> WeightIndex::add_h5_layer(const Hdf5File& file, const std::string& root, const Layer& layer) {
  const std::vector<OwnedWeight> owned = weights_in_order(layer);
  if (owned.empty()) return {};
  const std::string group = root + "/" + layer.name;
  PARE_ASSIGN_IN(auto names, file.texts(group, "weight_names"), fmt::format("layer '{}'", layer.name));
  if (!names)
    return bad_input("the file has no weights of layer '{}' ({}); save the whole model with model.save", layer.name,
                     layer.class_name);
  std::erase_if(*names, is_random_state);
  if (names->size() != owned.size())
    return bad_input("layer '{}' ({}) has {} weights in the file, {} were expected", layer.name, layer.class_name,
                     names->size(), owned.size());
  for (size_t i = 0; i < names->size(); ++i) paths_[owned[i].layer].emplace(owned[i].name, group + "/" + (*names)[i]);
  return {};
}

std::string archive_container(const Hdf5File& file) {
  return file.has("layers") ? "layers" : "_layer_checkpoint_dependencies";
}

WeightIndex WeightIndex::of_archive(const std::string& container, const Network& network) {
  WeightIndex index;
  index.add_archive_network("", container, network);
  return index;
}

void WeightIndex::add_archive_network(const std::string& prefix, const std::string& container, const Network& network) {
  std::unordered_map<std::string, int> seen;
  for (const Layer& layer : network.layers) {
    const std::string kind = snake_case(layer.class_name);
    const int count = seen[kind]++;
    groups_.push_back(fmt::format("{}{}/{}", prefix, container, count == 0 ? kind : fmt::format("{}_{}", kind, count)));
    const std::string group = groups_.back();
    if (layer.network != nullptr) {
      add_archive_network(group + "/", container, *layer.network);
      continue;
    }
    size_t number = 0;
    for (const WeightSpec& spec : weight_specs(layer))
      paths_[&layer].emplace(spec.name, fmt::format("{}/vars/{}", group, number++));
  }
}

std::string WeightIndex::path(const Layer& layer, std::string_view weight) const {
  const auto found = paths_.find(&layer);
  if (found == paths_.end()) return {};
  const auto at = found->second.find(std::string(weight));
  return at == found->second.end() ? std::string() : at->second;
}

}  // namespace pare::keras
