// An operator that stands for a graph of others.
#pragma once

#include "ir/attributes.h"

namespace pare {

struct CompositeAttributes {
  std::string name;           // what the graph computes, by the writer's own convention: "odml.rms_norm"
  int64_t decomposition = 1;  // index into Model::graphs of the graph that computes it
  std::vector<int64_t> composite_attributes;  // bytes that the writer attached, kept as found
  int64_t version = 0;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("name", self.name);
    visit("decomposition", self.decomposition);
    visit("composite_attributes", self.composite_attributes);
    visit("version", self.version);
  }
};

}  // namespace pare
