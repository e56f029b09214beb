#include "formats/tflite/expansion.h"

#include <algorithm>
#include <cstdint>

namespace pare::tflite {
namespace {

constexpr uint64_t kRatio = 64;
constexpr uint64_t kAlwaysPlausible = uint64_t{64} << 20;

template <class Vector>
uint64_t bytes_of(const Vector* vector) {
  return vector == nullptr ? 0 : vector->size() * sizeof(*vector->data());
}

uint64_t bytes_of(const schema::Tensor& tensor) {
  uint64_t bytes = bytes_of(tensor.name()) + bytes_of(tensor.shape()) + bytes_of(tensor.shape_signature());
  if (const auto* quantization = tensor.quantization(); quantization != nullptr)
    bytes += bytes_of(quantization->scale()) + bytes_of(quantization->zero_point());
  if (const auto* sparsity = tensor.sparsity(); sparsity != nullptr && tensor.shape() != nullptr) {  // becomes dense
    uint64_t elements = 1;
    for (const int32_t extent : *tensor.shape())
      elements = std::min<uint64_t>(elements * static_cast<uint32_t>(extent), UINT32_MAX);
    bytes += elements * sizeof(double);
    if (sparsity->dim_metadata() != nullptr) bytes += sparsity->dim_metadata()->size() * sizeof(*sparsity);
  }
  return bytes;
}

uint64_t bytes_of(const schema::Operator& op) {
  uint64_t bytes = (bytes_of(op.inputs()) + bytes_of(op.outputs())) * 2;  // a pointer each
  if (const auto* options = op.builtin_options_as_ReshapeOptions(); options != nullptr)
    bytes += bytes_of(options->new_shape());
  if (const auto* options = op.builtin_options_as_SqueezeOptions(); options != nullptr)
    bytes += bytes_of(options->squeeze_dims());
  if (const auto* options = op.builtin_options_2_as_StableHLOCompositeOptions(); options != nullptr)
    bytes += bytes_of(options->name()) + bytes_of(options->composite_attributes()) * sizeof(int64_t);
  return bytes;
}

uint64_t bytes_of(const schema::TensorMap& port) { return bytes_of(port.name()); }
uint64_t bytes_of(const schema::SubGraph& graph);
uint64_t bytes_of(const schema::SignatureDef& signature);

template <class Table>
uint64_t sum_of(const flatbuffers::Vector<flatbuffers::Offset<Table>>* tables) {
  uint64_t bytes = 0;
  if (tables != nullptr)
    for (const Table* table : *tables) bytes += bytes_of(*table);
  return bytes;
}

uint64_t bytes_of(const schema::SubGraph& graph) {
  return sum_of(graph.tensors()) + sum_of(graph.operators()) + bytes_of(graph.inputs()) + bytes_of(graph.outputs()) +
         bytes_of(graph.name());
}

uint64_t bytes_of(const schema::SignatureDef& signature) {
  return sum_of(signature.inputs()) + sum_of(signature.outputs()) + bytes_of(signature.signature_key());
}

// Buffers that lie behind the tables are checked when they are looked up; here only what metadata would copy counts.
uint64_t metadata_bytes(const schema::Model& model) {
  uint64_t bytes = 0;
  if (model.metadata() == nullptr || model.buffers() == nullptr) return bytes;
  for (const schema::Metadata* entry : *model.metadata()) {
    bytes += bytes_of(entry->name());
    if (entry->buffer() < model.buffers()->size()) bytes += bytes_of(model.buffers()->Get(entry->buffer())->data());
  }
  return bytes;
}

}  // namespace

Expected<void> check_expansion(const schema::Model& model, size_t file_bytes) {
  const uint64_t bytes = sum_of(model.subgraphs()) + sum_of(model.signature_defs()) + metadata_bytes(model);
  if (bytes > kAlwaysPlausible + kRatio * file_bytes)
    return bad_input("its {} bytes would take {} in memory: tables share their contents as no converter does",
                     file_bytes, bytes);
  return {};
}

}  // namespace pare::tflite
