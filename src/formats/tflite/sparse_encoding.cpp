#include "formats/tflite/sparse_encoding.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace pare::tflite {
namespace {

constexpr double kFewestZeros = 0.3;  // as the TFLite converter
constexpr int64_t kDirectBlock = 4;
constexpr double kDirectShare = 0.9;

// Operators whose kernels take weights that DENSIFY made.
constexpr std::string_view kTakeUnpacked[] = {"conv_2d", "depthwise_conv_2d", "fully_connected", "transpose_conv"};

bool is_weights_of(const Use& use, std::string_view op) {
  return use.node->is(op) && use.node->op().quantization.weights == static_cast<int>(use.operand);
}

bool takes_unpacked(const Use& use) {
  return std::ranges::any_of(kTakeUnpacked, [&](std::string_view op) { return is_weights_of(use, op); });
}

bool is_float_dense(const Use& use) {
  return is_weights_of(use, "fully_connected") && use.node->operand(0)->type.dtype == DType::Float32 &&
         use.node->operand(1)->type.dtype == DType::Float32;
}

template <class T>
SparseForm compressed(const Tensor& dense, int64_t block) {
  const auto values = dense.values<T>();
  const int64_t columns = dense.shape()[dense.shape().rank() - 1];
  SparseForm form{.block = block, .segments = {0}};
  std::vector<T> kept;
  for (int64_t row = 0; row < std::ssize(values) / columns; ++row) {
    for (int64_t b = 0; b < columns / block; ++b) {
      const auto begin = values.begin() + row * columns + b * block;
      if (std::all_of(begin, begin + block, [](T value) { return value == 0; })) continue;
      form.indices.push_back(static_cast<int32_t>(b));
      kept.insert(kept.end(), begin, begin + block);
    }
    form.segments.push_back(static_cast<int32_t>(form.indices.size()));
  }
  form.values = Tensor::vector<T>(kept);
  return form;
}

SparseForm compressed(const Tensor& dense, int64_t block) {
  return dense.dtype() == DType::Float32 ? compressed<float>(dense, block) : compressed<int8_t>(dense, block);
}

// Bytes of numbers from 0 to `largest`.
int64_t index_bytes(int64_t largest) { return largest <= 0xff ? 1 : largest <= 0xffff ? 2 : 4; }

int64_t stored_bytes(const SparseForm& form, const Shape& shape) {
  constexpr int64_t kTables = 256;  // the records around the numbers, and the operator
  return std::ssize(form.values.bytes()) + kTables +
         std::ssize(form.indices) * index_bytes(shape[shape.rank() - 1] / form.block) +
         std::ssize(form.segments) * index_bytes(form.segments.back());
}

struct IndexVector {
  schema::SparseIndexVector kind;
  flatbuffers::Offset<void> table;
};

IndexVector write_indices(flatbuffers::FlatBufferBuilder& builder, const std::vector<int32_t>& numbers) {
  const int64_t width = index_bytes(numbers.empty() ? 0 : *std::ranges::max_element(numbers));
  constexpr size_t kAlignment = 4;  // that the schema asks of the narrow ones
  if (width == 1) {
    const std::vector<uint8_t> narrow(numbers.begin(), numbers.end());
    builder.ForceVectorAlignment(narrow.size(), sizeof(uint8_t), kAlignment);
    return {schema::SparseIndexVector::Uint8Vector,
            schema::CreateUint8Vector(builder, builder.CreateVector(narrow)).Union()};
  }
  if (width == 2) {
    const std::vector<uint16_t> narrow(numbers.begin(), numbers.end());
    builder.ForceVectorAlignment(narrow.size(), sizeof(uint16_t), kAlignment);
    return {schema::SparseIndexVector::Uint16Vector,
            schema::CreateUint16Vector(builder, builder.CreateVector(narrow)).Union()};
  }
  return {schema::SparseIndexVector::Int32Vector,
          schema::CreateInt32Vector(builder, builder.CreateVector(numbers)).Union()};
}

}  // namespace

std::optional<SparseForm> sparse_form(const Graph& graph, const Value& value) {
  const Shape& shape = value.type.shape;
  if (!value.is_constant() || (shape.rank() != 2 && shape.rank() != 4) || shape.elements() == 0) return {};
  if (value.type.dtype != DType::Float32 && value.type.dtype != DType::Int8) return {};
  if (value.type.dtype == DType::Int8 && value.type.quantization &&
      std::ranges::any_of(value.type.quantization->zero_points, [](int64_t point) { return point != 0; }))
    return {};
  const std::vector<Use> uses = graph.uses(&value);
  if (uses.empty() || graph.is_output(&value) || !std::ranges::all_of(uses, takes_unpacked)) return {};
  const SparseForm single = compressed(*value.data, 1);
  const auto elements = static_cast<double>(shape.elements());
  if (static_cast<double>(single.values.elements()) > (1 - kFewestZeros) * elements) return {};
  if (shape.rank() == 2 && shape[1] % kDirectBlock == 0 && std::ranges::all_of(uses, is_float_dense)) {
    SparseForm blocks = compressed(*value.data, kDirectBlock);
    if (static_cast<double>(blocks.values.elements()) <= (1 - kDirectShare) * elements) {
      blocks.direct = true;
      return blocks;
    }
  }
  if (stored_bytes(single, shape) >= std::ssize(value.data->bytes())) return {};
  return single;
}

flatbuffers::Offset<schema::SparsityParameters> write_sparsity(flatbuffers::FlatBufferBuilder& builder,
                                                               const SparseForm& form, const Shape& shape) {
  std::vector<flatbuffers::Offset<schema::DimensionMetadata>> levels;
  std::vector<int32_t> order, blocks;
  const int last = shape.rank() - 1;
  for (int i = 0; i < last; ++i)
    levels.push_back(
        schema::CreateDimensionMetadata(builder, schema::DimensionType::DENSE, static_cast<int32_t>(shape[i])));
  const IndexVector segments = write_indices(builder, form.segments), indices = write_indices(builder, form.indices);
  levels.push_back(schema::CreateDimensionMetadata(builder, schema::DimensionType::SPARSE_CSR, 0, segments.kind,
                                                   segments.table, indices.kind, indices.table));
  if (form.block > 1) {
    blocks.push_back(last);
    levels.push_back(
        schema::CreateDimensionMetadata(builder, schema::DimensionType::DENSE, static_cast<int32_t>(form.block)));
  }
  for (size_t i = 0; i < levels.size(); ++i) order.push_back(static_cast<int32_t>(i));
  const auto orders = builder.CreateVector(order);
  const auto block_map = form.block > 1 ? builder.CreateVector(blocks) : 0;
  return schema::CreateSparsityParameters(builder, orders, block_map, builder.CreateVector(levels));
}

}  // namespace pare::tflite
