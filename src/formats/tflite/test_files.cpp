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
                              signature, true);
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
  schema::FinishModelBuffer(builder, schema::CreateModel(builder, version, code_list, graph_list, 0, buffer_list));
  return finished(builder);
}

TestFile relu_file() {
  return {.tensors = {{"x", {2, 3}}, {"y", {2, 3}}},
          .operators = {{schema::BuiltinOperator::RELU, {0}, {1}}},
          .inputs = {0},
          .outputs = {1}};
}

Expected<Model> read_file_at(const std::filesystem::path& path) {
  PARE_ASSIGN(const std::vector<std::byte> bytes, read_file(path));
  return read_tflite(bytes, path.string());
}

}  // namespace pare::tflite::testing
