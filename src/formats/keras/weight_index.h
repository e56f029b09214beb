// Where the weights of each layer lie in the file.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "formats/keras/hdf5_file.h"
#include "formats/keras/network.h"

namespace pare::keras {

// One weight that a layer owns. Keras keeps the trainable ones in front of the others, each in the order of their creation.
struct WeightSpec {
  std::string_view name;
  bool trainable = true;
};

// A weight and whose it is.
struct OwnedWeight {
  const Layer* layer = nullptr;
  std::string path;  // the layer's name, models' names in front
  std::string_view name;
};

// All weights of a layer or nested model in the order of an .h5 file.
std::vector<OwnedWeight> weights_in_order(const Layer& layer);

class WeightIndex {
 public:
  // The layout of .h5 files: below `root` a group for each top-level layer, with its attribute weight_names; a nested model's weights
  // are one flat list.
  static Expected<WeightIndex> of_h5(const Hdf5File& file, const std::string& root, const Network& network);
  // The layout of model.weights.h5 in .keras files: `layers/conv2d_1/vars/0`, where groups are called by class and count. `container`
  // is what the group of the layers is called.
  static WeightIndex of_archive(const std::string& container, const Network& network);

  // The path of a layer's data set; empty where the file lacks it.
  std::string path(const Layer& layer, std::string_view weight) const;
  // Of .keras files: the groups of all layers and nested models, whether they have weights or not.
  const std::vector<std::string>& groups() const { return groups_; }

 private:
  Expected<void> add_h5_layer(const Hdf5File& file, const std::string& root, const Layer& layer);
  void add_archive_network(const std::string& prefix, const std::string& container, const Network& network);

  std::unordered_map<const Layer*, std::unordered_map<std::string, std::string>> paths_;
  std::vector<std::string> groups_;
};

// What model.weights.h5 calls the group of the layers: Keras before 2.14 had another name.
std::string archive_container(const Hdf5File& file);

// The name that .keras files call a class by: "SeparableConv2D" is separable_conv2d, "LeakyReLU" leaky_re_lu.
std::string snake_case(std::string_view class_name);

}  // namespace pare::keras
