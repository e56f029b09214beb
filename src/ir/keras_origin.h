// What a Keras file said that the graph does not: enough to write one again, with the weights that the graph has then.
#pragma once

#include <string>
#include <vector>

#include "base/tensor.h"

namespace pare {

// How the elements of a weight lie in the constant that it became: dimensions permuted (dimension i of the result is the file's
// dimension permutation[i]; empty: as they are), then put into another shape of as many elements. formats/keras/weight_layout.h goes
// both ways.
struct WeightLayout {
  Shape file;  // as Keras has it
  std::vector<int> permutation;
  Shape graph;

  bool operator==(const WeightLayout&) const = default;
};

// One weight of the file.
struct KerasWeight {
  std::string layer;  // the names of the models around it in front: "backbone/conv"
  std::string name;   // "kernel"
  WeightLayout layout;
  std::string value;  // the constant of the main graph that it became; empty: none, `data` holds what the file held
  Tensor data;
};

struct KerasOrigin {
  std::string config;   // the architecture: JSON as the file has it
  std::string version;  // of Keras: "2.15.0"
  std::string
      training;  // the arguments of compile(), JSON; empty where there are none, or where `config` holds them (.keras)
  bool archive = false;   // .keras, else .h5
  std::string container;  // in .keras: the group of the layers, which older versions called otherwise
  std::vector<KerasWeight> weights;

  int major() const { return version.empty() ? 2 : version[0] - '0'; }
};

}  // namespace pare
