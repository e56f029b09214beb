// A model: the graphs of one file with the names they are called by, and where it came from.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "ir/graph.h"
#include "ir/keras_origin.h"

namespace pare {

// A named entry point, as in TFLite and SavedModel: input and output names beside the values of one graph.
struct Signature {
  std::string key;   // "serving_default"
  size_t graph = 0;  // index into Model::graphs
  std::vector<std::pair<std::string, Value*>> inputs, outputs;
};

// What belongs to a model beside its graphs: an array, or JSON.
using Extra = std::variant<Tensor, std::string>;

struct Model {
  std::vector<Graph> graphs;  // the first is the main one; others: further signatures, bodies of composites
  std::vector<Signature> signatures;
  std::string description;
  std::map<std::string, std::vector<std::byte>> metadata;  // kept as found, by name
  std::string source_format;                               // "tflite", "keras", ...
  std::string source_path;
  std::map<std::string, Extra>
      extras;  // masks, codebooks, plan, preprocessing, state of a training...; by name, kept by .pare files
  std::shared_ptr<const KerasOrigin> keras;  // of a model that was read from a Keras file; else null

  Graph& main() { return graphs.front(); }
  const Graph& main() const { return graphs.front(); }
  Model clone() const;
};

}  // namespace pare
