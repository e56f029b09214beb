#include "formats/tflite/graph_writer.h"

#include <algorithm>
#include <limits>
#include <unordered_set>

#include "formats/tflite/element_types.h"
#include "formats/tflite/operator_names.h"
#include "formats/tflite/operator_version.h"
#include "formats/tflite/options.h"
#include "formats/tflite/sparse_encoding.h"
#include "ir/verify.h"

namespace pare::tflite {
namespace {

constexpr int kSparseVersion = 8;  // of FULLY_CONNECTED with sparse weights
constexpr RuntimeVersion kDensify{2, 2, 0}, kSparseDenseLayers{2, 3, 0};
constexpr int kLastByteCode = static_cast<int>(schema::BuiltinOperator::PLACEHOLDER_FOR_GREATER_OP_CODES);

class GraphWriter {
 public:
  GraphWriter(const Graph& graph, FileParts& file) : graph_(graph), file_(file), builder_(file.builder) {}

  Expected<WrittenGraph> write() {
    PARE_TRY(verify(graph_));
    for (const auto& value : graph_.values()) {
      const auto number = static_cast<int32_t>(written_.numbers.size());
      written_.numbers.emplace(value.get(), number);
    }
    write_scales();
    tensors_.resize(graph_.values().size());
    for (size_t i = 0; i < graph_.values().size(); ++i) {
      const Value& value = *graph_.values()[i];
      PARE_ASSIGN_IN(tensors_[i], tensor(value), fmt::format("tensor '{}'", value.name));
    }
    for (const auto& node : graph_.nodes()) {
      PARE_ASSIGN_IN(const auto written, op(*node), describe(*node));
      operators_.push_back(written);
    }
    const auto tensors = builder_.CreateVector(tensors_);
    const auto inputs = numbers(graph_.inputs), outputs = numbers(graph_.outputs);
    const auto nodes = builder_.CreateVector(operators_);
    const auto name = builder_.CreateString(graph_.name);
    written_.table = schema::CreateSubGraph(builder_, tensors, inputs, outputs, nodes, name);
    return std::move(written_);
  }

 private:
  // All in one place, for numbers of one kind compress better than tables with scales between them. The tables find them in the pool.
  void write_scales() {
    for (const auto& value : graph_.values())
      if (const auto& q = value->type.quantization; q && q->block == 0) vector(q->scales);
  }

  template <class Number>
  flatbuffers::Offset<flatbuffers::Vector<Number>> vector(const std::vector<Number>& numbers) {
    return file_.vectors.add(builder_, numbers);
  }

  flatbuffers::Offset<flatbuffers::Vector<int32_t>> numbers(const std::vector<Value*>& values,
                                                            int32_t instead_of_absent = -1) {
    std::vector<int32_t> list;
    for (const Value* value : values) list.push_back(value == nullptr ? instead_of_absent : written_.numbers.at(value));
    return vector(list);
  }

  // The number of a bias of zeros for a float convolution that has none, which LiteRT does not run; -1 for all other nodes.
  Expected<int32_t> zero_bias(const Node& node) {
    const bool convolution = node.is("conv_2d") || node.is("depthwise_conv_2d");
    if (!convolution || node.operands.size() < 3 || node.operands[2] != nullptr ||
        node.result()->type.dtype != DType::Float32)
      return -1;
    const Shape& shape = node.result()->type.shape;
    return made_constant(node.result()->name + "_bias", Tensor(DType::Float32, Shape{shape[shape.rank() - 1]}));
  }

  Expected<flatbuffers::Offset<schema::Tensor>> tensor(const Value& value) {
    PARE_ASSIGN(const schema::TensorType type, tensor_type_of(value.type.dtype));
    std::vector<int32_t> extents, free;
    for (const int64_t extent : value.type.shape) {
      if (extent > std::numeric_limits<int32_t>::max())
        return unsupported("an extent of {}; a .tflite file holds 32 bits", extent);
      free.push_back(static_cast<int32_t>(extent));
      extents.push_back(extent == kDynamic ? 1 : static_cast<int32_t>(extent));
    }
    const std::optional<SparseForm> sparse = file_.sparse ? sparse_form(graph_, value) : std::nullopt;
    const uint32_t buffer = sparse ? 0 : value.is_constant() ? file_.buffers.add(*value.data) : 0;
    const auto shape = vector(extents);
    const auto signature = value.type.shape.is_static() ? 0 : vector(free);
    const auto name = builder_.CreateString(value.name);
    PARE_ASSIGN(const auto parameters, quantization(value));
    if (sparse) {
      const auto stored = sparse_tensor(value, *sparse, type, shape, parameters);
      if (sparse->direct) return stored;
      tensors_.push_back(stored);
      unpack(static_cast<int32_t>(tensors_.size() - 1), written_.numbers.at(&value));
    }
    return schema::CreateTensor(builder_, shape, type, buffer, name, parameters, value.is_variable, 0, signature, true);
  }

  flatbuffers::Offset<schema::Tensor> sparse_tensor(const Value& value, const SparseForm& form, schema::TensorType type,
                                                    flatbuffers::Offset<flatbuffers::Vector<int32_t>> shape,
                                                    flatbuffers::Offset<schema::QuantizationParameters> parameters) {
    file_.made.push_back(form.values);
    const uint32_t buffer = file_.buffers.add(file_.made.back());
    const auto sparsity = write_sparsity(builder_, form, value.type.shape);
    const auto name = builder_.CreateString(form.direct ? value.name : value.name + "_sparse");
    if (form.direct) {
      directly_sparse_.insert(&value);
      file_.sparse_runtime = std::max(file_.sparse_runtime, kSparseDenseLayers);
    }
    return schema::CreateTensor(builder_, shape, type, buffer, name, parameters, false, sparsity, 0, true);
  }

  // The operator that makes one tensor of the other, in front of all.
  void unpack(int32_t sparse, int32_t dense) {
    const uint32_t code = file_.codes.add(schema::BuiltinOperator::DENSIFY, 1);
    const auto inputs = vector(std::vector{sparse}), outputs = vector(std::vector{dense});
    operators_.push_back(schema::CreateOperator(builder_, code, inputs, outputs));
    file_.sparse_runtime = std::max(file_.sparse_runtime, kDensify);
  }

  Expected<flatbuffers::Offset<schema::QuantizationParameters>> quantization(const Value& value) {
    flatbuffers::Offset<schema::QuantizationParameters> none;
    if (!value.type.quantization) return none;
    const Quantization& q = *value.type.quantization;
    if (q.block == 0) {
      const auto scales = vector(q.scales);
      const auto zero_points = vector(q.zero_points);
      return schema::CreateQuantizationParameters(builder_, 0, 0, scales, zero_points,
                                                  schema::QuantizationDetails::NONE, 0, q.axis);
    }
    if (q.block > std::numeric_limits<int32_t>::max())
      return unsupported("quantisation in blocks of {} elements", q.block);
    Shape blocks = value.type.shape;
    blocks[-1] /= q.block;
    PARE_ASSIGN(const int32_t scales, made_constant(value.name + "_scales", block_scales(blocks, q.scales)));
    int32_t zero_points = -1;
    if (std::any_of(q.zero_points.begin(), q.zero_points.end(), [](int64_t zero_point) { return zero_point != 0; })) {
      PARE_ASSIGN(zero_points, made_constant(value.name + "_zero_points", Tensor::of<int64_t>(blocks, q.zero_points)));
    }
    const auto details =
        schema::CreateBlockwiseQuantization(builder_, scales, zero_points, static_cast<int32_t>(q.block));
    return schema::CreateQuantizationParameters(builder_, 0, 0, 0, 0,
                                                schema::QuantizationDetails::BlockwiseQuantization, details.Union());
  }

  // Kernels want block-wise scales as float16; float32 where that would change one.
  static Tensor block_scales(const Shape& shape, const std::vector<float>& scales) {
    std::vector<Half> halves;
    for (const float scale : scales) {
      halves.push_back(to_half(scale));
      if (to_float(halves.back()) != scale) return Tensor::of<float>(shape, scales);
    }
    return Tensor::of<Half>(shape, halves);
  }

  // A tensor behind those of the graph's values.
  Expected<int32_t> made_constant(const std::string& name, Tensor data) {
    file_.made.push_back(std::move(data));
    const Tensor& kept = file_.made.back();
    PARE_ASSIGN(const schema::TensorType type, tensor_type_of(kept.dtype()));
    const auto shape = vector(std::vector<int32_t>(kept.shape().begin(), kept.shape().end()));
    const uint32_t buffer = file_.buffers.add(kept);
    const auto text = builder_.CreateString(name);
    tensors_.push_back(schema::CreateTensor(builder_, shape, type, buffer, text, 0, false, 0, 0, true));
    return static_cast<int32_t>(tensors_.size() - 1);
  }

  Expected<flatbuffers::Offset<schema::Operator>> op(const Node& node) {
    for (const auto& [name, value] : node.attributes.fields())
      if (const auto* integer = std::get_if<int64_t>(&value);
          integer != nullptr && *integer != static_cast<int32_t>(*integer))
        return unsupported("the attribute {} is {}; a .tflite file holds 32 bits", name, *integer);
    const bool sparse =
        std::ranges::any_of(node.operands, [this](const Value* operand) { return directly_sparse_.contains(operand); });
    PARE_ASSIGN(const uint32_t code, sparse ? file_.codes.add(schema::BuiltinOperator::FULLY_CONNECTED, kSparseVersion)
                                            : file_.codes.add(node));
    WrittenOptions options;
    if (const OptionsMapping* mapping = find_options(node.op().name); mapping != nullptr) {
      PARE_ASSIGN(options, mapping->write(builder_, node));
    }
    PARE_ASSIGN(const int32_t bias, zero_bias(node));
    const auto inputs = numbers(node.operands, bias), outputs = numbers(node.results);
    const bool second_union = options.type_2 != schema::BuiltinOptions2::NONE;
    return schema::CreateOperator(builder_, code, inputs, outputs, options.type, second_union ? 0 : options.table, 0,
                                  schema::CustomOptionsFormat::FLEXBUFFERS, 0, 0, 0, 0, options.type_2,
                                  second_union ? options.table : 0);
  }

  const Graph& graph_;
  FileParts& file_;
  flatbuffers::FlatBufferBuilder& builder_;
  std::vector<flatbuffers::Offset<schema::Tensor>> tensors_;
  std::vector<flatbuffers::Offset<schema::Operator>> operators_;
  std::unordered_set<const Value*> directly_sparse_;
  WrittenGraph written_;
};

}  // namespace

Expected<uint32_t> OperatorCodes::add(const Node& node) {
  PARE_ASSIGN(const schema::BuiltinOperator builtin, builtin_operator(node.op()));
  return add(builtin, operator_version(node));
}

uint32_t OperatorCodes::add(schema::BuiltinOperator builtin, int version) {
  const std::pair key(builtin, version);
  const auto [at, is_new] = numbers_.emplace(key, static_cast<uint32_t>(codes_.size()));
  if (is_new) codes_.push_back(key);
  return at->second;
}

flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<schema::OperatorCode>>> OperatorCodes::create(
    flatbuffers::FlatBufferBuilder& builder) const {
  std::vector<flatbuffers::Offset<schema::OperatorCode>> records;
  for (const auto& [builtin, version] : codes_) {
    const auto byte_code = static_cast<int8_t>(std::min(static_cast<int>(builtin), kLastByteCode));
    records.push_back(schema::CreateOperatorCode(builder, byte_code, 0, version, builtin));
  }
  return builder.CreateVector(records);
}

Expected<WrittenGraph> write_graph(const Graph& graph, FileParts& file) { return GraphWriter(graph, file).write(); }

}  // namespace pare::tflite
