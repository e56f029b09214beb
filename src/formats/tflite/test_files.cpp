#include "formats/tflite/test_files.h"

namespace pare::tflite::testing {
namespace {

flatbuffers::Offset<schema::Tensor> add_tensor(Builder& builder, const TestTensor& tensor,
                                               std::vector<flatbuffers::Offset<schema::Buffer>>& buffers) {
  uint32_t buffer = 0;
  if (!tensor.data.empty()) {
    buffer = static_cast<uint32_t>(buffers.size());
    buffers.push_back(schema::CreateBuffer(builder, builder.CreateVector(tensor.data)));
  }
  const auto shape = builder.CreateVector(tensor.shape);
  const auto signature = tensor.signature.empty() ? 0 : builder.CreateVector(tensor.signature);
  const auto name = builder.CreateString(tensor.name);
  flatbuffers::Offset<schema::QuantizationParameters> quantization;
  if (tensor.quantization) quantization = tensor.quantization(builder);
  flatbuffers::Offset<schema::SparsityParameters> sparsity;
  if (tensor.sparsity) sparsity = tensor.sparsity(builder);
  return schema::CreateTensor(builder, shape, tensor.type, buffer, name, quantization, tensor.is_variable, sparsity,
                              signature, true, 0, tensor.external_buffer);
}

flatbuffers::Offset<schema::SignatureDef> add_signature(Builder& builder, const TestSignature& signature) {
  std::vector<flatbuffers::Offset<schema::TensorMap>> inputs;
  for (const auto& [name, tensor] : signature.inputs)
    inputs.push_back(schema::CreateTensorMap(builder, builder.CreateString(name), tensor));
  return schema::CreateSignatureDef(builder, builder.CreateVector(inputs), 0, builder.CreateString(signature.key),
                                    signature.graph);
}

// See composite_file; the operator codes are 0 for a composite, 1 for relu.
flatbuffers::Offset<schema::SubGraph> add_composites(Builder& builder, const std::vector<int32_t>& bodies,
                                                     const CompositeOptions& given) {
  const auto steps = static_cast<int32_t>(std::max<size_t>(1, bodies.size()));
  std::vector<flatbuffers::Offset<schema::Tensor>> tensors;
  for (int32_t i = 0; i <= steps; ++i) {
    const auto name = builder.CreateString(i == 0 ? "x" : fmt::format("y{}", i));
    tensors.push_back(
        schema::CreateTensor(builder, builder.CreateVector(given.shape), schema::TensorType::FLOAT32, 0, name));
  }
  std::vector<flatbuffers::Offset<schema::Operator>> operators;
  for (int32_t i = 0; i < steps; ++i) {
    const auto in = builder.CreateVector(std::vector<int32_t>(bodies.empty() ? 1 : given.operands, i));
    const auto out = builder.CreateVector(std::vector<int32_t>{i + 1});
    if (bodies.empty()) {
      operators.push_back(schema::CreateOperator(builder, 1, in, out));
      continue;
    }
    const auto options = schema::CreateStableHLOCompositeOptions(builder, builder.CreateString("my.relu"),
                                                                 bodies[static_cast<size_t>(i)]);
    operators.push_back(schema::CreateOperator(builder, 0, in, out, schema::BuiltinOptions::NONE, 0, 0,
                                               schema::CustomOptionsFormat::FLEXBUFFERS, 0, 0, 0, 0,
                                               schema::BuiltinOptions2::StableHLOCompositeOptions, options.Union()));
  }
  const auto list = builder.CreateVector(tensors);
  const auto input = builder.CreateVector(std::vector<int32_t>{0}), output = builder.CreateVector(std::vector{steps});
  return schema::CreateSubGraph(builder, list, input, output, builder.CreateVector(operators));
}

}  // namespace

std::vector<std::byte> finished(Builder& builder) {
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  return {bytes.begin(), bytes.end()};
}

std::vector<std::byte> TestFile::bytes() const {
  Builder builder;
  std::vector<flatbuffers::Offset<schema::Buffer>> buffer_records{schema::CreateBuffer(builder)};
  std::vector<flatbuffers::Offset<schema::Tensor>> tensor_records;
  for (const TestTensor& tensor : tensors) tensor_records.push_back(add_tensor(builder, tensor, buffer_records));
  std::vector<flatbuffers::Offset<schema::OperatorCode>> codes;
  std::vector<flatbuffers::Offset<schema::Operator>> operator_records;
  for (const TestOperator& op : operators) {
    const auto custom = op.custom.empty() ? 0 : builder.CreateString(op.custom);
    const auto byte_code = static_cast<int8_t>(std::min(static_cast<int>(op.code), 127));
    codes.push_back(schema::CreateOperatorCode(builder, byte_code, custom, 1, op.code));
    const auto options = op.options ? op.options(builder) : flatbuffers::Offset<void>();
    const auto inputs_of_op = builder.CreateVector(op.inputs), outputs_of_op = builder.CreateVector(op.outputs);
    operator_records.push_back(schema::CreateOperator(builder, static_cast<uint32_t>(codes.size() - 1), inputs_of_op,
                                                      outputs_of_op, op.type, options));
  }
  const auto tensor_list = builder.CreateVector(tensor_records);
  const auto input_list = builder.CreateVector(inputs), output_list = builder.CreateVector(outputs);
  const auto operator_list = builder.CreateVector(operator_records);
  const auto name = builder.CreateString("main");
  const auto graph = schema::CreateSubGraph(builder, tensor_list, input_list, output_list, operator_list, name);
  const auto graph_list = builder.CreateVector(std::vector{graph});
  const auto code_list = builder.CreateVector(codes);
  const auto buffer_list = builder.CreateVector(buffer_records);
  std::vector<flatbuffers::Offset<schema::SignatureDef>> signature_records;
  for (const TestSignature& signature : signatures) signature_records.push_back(add_signature(builder, signature));
  const auto signature_list = builder.CreateVector(signature_records);
  schema::FinishModelBuffer(
      builder, schema::CreateModel(builder, version, code_list, graph_list, 0, buffer_list, 0, 0, signature_list));
  return finished(builder);
}

TestFile relu_file() {
  return {.tensors = {{"x", {2, 3}}, {"y", {2, 3}}},
          .operators = {{schema::BuiltinOperator::RELU, {0}, {1}}},
          .inputs = {0},
          .outputs = {1}};
}

TestFile constant_file(TestTensor constant) {
  const auto shape = constant.shape;
  return {.tensors = {std::move(constant), {"y", shape}},
          .operators = {{schema::BuiltinOperator::RELU, {0}, {1}}},
          .outputs = {1}};
}

std::vector<std::byte> file_with_data_behind(uint64_t offset_error) {
  const std::vector<float> values{1, 2, 3};
  std::vector<std::byte> bytes;
  uint64_t offset = 2;
  for (int pass = 0; pass < 2; ++pass) {  // the second pass knows the place
    Builder builder;
    const auto buffers = builder.CreateVector(
        std::vector{schema::CreateBuffer(builder), schema::CreateBuffer(builder, 0, offset, sizeof(float) * 3)});
    const auto shape = builder.CreateVector(std::vector<int32_t>{3});
    const auto name = builder.CreateString("c");
    const auto tensors =
        builder.CreateVector(std::vector{schema::CreateTensor(builder, shape, schema::TensorType::FLOAT32, 1, name)});
    const auto outputs = builder.CreateVector(std::vector<int32_t>{0});
    const auto graphs = builder.CreateVector(std::vector{schema::CreateSubGraph(builder, tensors, 0, outputs)});
    schema::FinishModelBuffer(builder, schema::CreateModel(builder, 3, 0, graphs, 0, buffers));
    bytes = finished(builder);
    offset = bytes.size() + offset_error;
  }
  const auto data = std::as_bytes(std::span(values));
  bytes.insert(bytes.end(), data.begin(), data.end());
  return bytes;
}

std::vector<std::byte> composite_file(const std::vector<std::vector<int32_t>>& bodies,
                                      const CompositeOptions& options) {
  Builder builder;
  const auto buffers = builder.CreateVector(std::vector{schema::CreateBuffer(builder)});
  const auto codes = builder.CreateVector(
      std::vector{schema::CreateOperatorCode(builder, 127, 0, 1, schema::BuiltinOperator::STABLEHLO_COMPOSITE),
                  schema::CreateOperatorCode(builder, 19, 0, 1, schema::BuiltinOperator::RELU)});
  std::vector<flatbuffers::Offset<schema::SubGraph>> graphs;
  for (const std::vector<int32_t>& each : bodies)
    graphs.push_back(add_composites(builder, each, graphs.empty() ? options : CompositeOptions{}));
  const auto list = builder.CreateVector(graphs);
  schema::FinishModelBuffer(builder, schema::CreateModel(builder, 3, codes, list, 0, buffers));
  return finished(builder);
}

Expected<Model> read_file_at(const std::filesystem::path& path) {
  PARE_ASSIGN(const std::vector<std::byte> bytes, read_file(path));
  return read_tflite(bytes, path.string());
}

}  // namespace pare::tflite::testing
