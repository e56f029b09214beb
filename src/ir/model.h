// A model: the graphs of one file with the names they are called by, and where it came from.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "ir/graph.h"

namespace pare {

// A named entry point, as in TFLite and SavedModel: input and output names beside the values of one graph.
struct Signature {
  std::string key;   // "serving_default"
  size_t graph = 0;  // index into Model::graphs
  std::vector<std::pair<std::string, Value*>> inputs, outputs;
};

struct Model {
  std::vector<Graph> graphs;  // the first is the main one; others: further signatures, bodies of composites
  std::vector<Signature> signatures;
  std::string description;
  std::map<std::string, std::vector<std::byte>> metadata;  // kept as found, by name
  std::string source_format;                               // "tflite", "keras", ...
  std::string source_path;

  Graph& main() { return graphs.front(); }
  const Graph& main() const { return graphs.front(); }
  Model clone() const;
};

}  // namespace pare
