// One graph of a .tflite file being written.
#pragma once

#include <deque>
#include <map>
#include <unordered_map>

#include "formats/tflite/buffer_pool.h"
#include "formats/tflite/runtime_version.h"
#include "formats/tflite/vector_pool.h"
#include "ir/graph.h"

namespace pare::tflite {

// The operator codes of a file, one for each operator and version, in the order of first use.
class OperatorCodes {
 public:
  Expected<uint32_t> add(const Node& node);
  uint32_t add(schema::BuiltinOperator builtin, int version);
  flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<schema::OperatorCode>>> create(
      flatbuffers::FlatBufferBuilder& builder) const;

 private:
  std::vector<std::pair<schema::BuiltinOperator, int>> codes_;
  std::map<std::pair<schema::BuiltinOperator, int>, uint32_t> numbers_;
};

// What the graphs of a file share.
struct FileParts {
  flatbuffers::FlatBufferBuilder builder;
  BufferPool buffers;
  VectorPool vectors;
  std::deque<Tensor> made;  // constants that exist only in the file: block-wise scales and zero points, sparse values
  OperatorCodes codes;
  bool sparse = false;            // weights are stored in their sparse form where that is worth it
  RuntimeVersion sparse_runtime;  // that the sparse forms so far need
};

struct WrittenGraph {
  flatbuffers::Offset<schema::SubGraph> table;
  std::unordered_map<const Value*, int32_t> numbers;  // tensor of each value
};

Expected<WrittenGraph> write_graph(const Graph& graph, FileParts& file);

}  // namespace pare::tflite
