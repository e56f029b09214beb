#include "ir/model.h"

namespace pare {

Model Model::clone() const {
  Model copy{{}, {}, description, metadata, source_format, source_path, extras, keras};
  Twins mapping;
  for (const Graph& graph : graphs) copy.graphs.push_back(graph.clone(mapping));
  for (Signature signature : signatures) {
    for (auto& [name, value] : signature.inputs) value = mapping.at(value);
    for (auto& [name, value] : signature.outputs) value = mapping.at(value);
    copy.signatures.push_back(std::move(signature));
  }
  return copy;
}

}  // namespace pare
