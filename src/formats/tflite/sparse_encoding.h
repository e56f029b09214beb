// Constants with many zeros, stored without them: the other direction of densify().
#pragma once

#include <optional>
#include <vector>

#include "ir/graph.h"
#include "tflite/schema_generated.h"

namespace pare::tflite {

// A tensor as compressed rows: every dimension but the last is dense, of the last the columns, or blocks of columns, are stored that are
// not all zero.
struct SparseForm {
  int64_t block = 1;  // columns
  std::vector<int32_t> segments, indices;
  Tensor values;  // in the order of the indices, whole blocks
  // The kernel reads this form itself. Otherwise DENSIFY unpacks it once, when the network is loaded.
  bool direct = false;
};

// The sparse form of a constant where that is worth it: weights, float32 or int8, of an operator whose kernels take unpacked ones, of which
// 30 % or more are zero, and whose form is smaller than the tensor. Float weights of fully connected layers with 90 % of their blocks 1x4 zero
// are direct: LiteRT's kernel for them was measured faster than XNNPACK's dense one from there on (docs/figures.md); that for int8
// in blocks of 1x16 was not.
std::optional<SparseForm> sparse_form(const Graph& graph, const Value& value);

flatbuffers::Offset<schema::SparsityParameters> write_sparsity(flatbuffers::FlatBufferBuilder& builder,
                                                               const SparseForm& form, const Shape& shape);

}  // namespace pare::tflite
