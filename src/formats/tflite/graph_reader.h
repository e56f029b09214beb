// One graph of a .tflite file.
#pragma once

#include <vector>

#include "formats/tflite/constants.h"
#include "ir/graph.h"

namespace pare::tflite {

struct ReadGraph {
  Graph graph;
  std::vector<Value*> values;  // by tensor number; null for tensors that only hold scales of others
};

// Reads and verifies. Fails where indices, types, sizes or order are wrong, and for operators that Pare does not have.
Expected<ReadGraph> read_graph(const schema::Model& model, const schema::SubGraph& record, Constants& constants);

}  // namespace pare::tflite
