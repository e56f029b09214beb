// What the tests of the TFLite reader and writer share: small files made with the schema itself, and the files of the assets.
#pragma once

#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/files.h"
#include "formats/tflite/reader.h"
#include "tflite/schema_generated.h"

namespace pare::tflite::testing {

using Builder = flatbuffers::FlatBufferBuilder;

template <class T>
std::vector<uint8_t> raw(const std::vector<T>& values) {
  std::vector<uint8_t> bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

// A tensor of a small file. Its data, if any, become a buffer of their own.
struct TestTensor {
  std::string name;
  std::vector<int32_t> shape;
  schema::TensorType type = schema::TensorType::FLOAT32;
  std::vector<uint8_t> data = {};
  std::vector<int32_t> signature = {};
  bool is_variable = false;
  std::function<flatbuffers::Offset<schema::QuantizationParameters>(Builder&)> quantization = nullptr;
  std::function<flatbuffers::Offset<schema::SparsityParameters>(Builder&)> sparsity = nullptr;
  uint32_t external_buffer = 0;
};

struct TestOperator {
  schema::BuiltinOperator code;
  std::vector<int32_t> inputs, outputs;
  schema::BuiltinOptions type = schema::BuiltinOptions::NONE;
  std::function<flatbuffers::Offset<void>(Builder&)> options = nullptr;
  std::string custom = {};
};

struct TestSignature {
  std::string key;
  uint32_t graph = 0;
  std::vector<std::pair<std::string, uint32_t>> inputs = {};  // names and tensors
};

// A file of one graph; every number can be wrong on purpose.
struct TestFile {
  std::vector<TestTensor> tensors;
  std::vector<TestOperator> operators;
  std::vector<int32_t> inputs, outputs;
  uint32_t version = 3;
  std::vector<TestSignature> signatures = {};

  std::vector<std::byte> bytes() const;
};

// x -> relu -> y over [2, 3].
TestFile relu_file();

// A graph that returns one constant after relu.
TestFile constant_file(TestTensor constant);

// A constant "c" of three floats, which lie behind the tables as in large files; they are said to lie `offset_error` bytes further on.
std::vector<std::byte> file_with_data_behind(uint64_t offset_error);

// Graph i is a chain of composites over x, one for each of bodies[i]: the number of the graph that it stands for; relu where there are
// none. The options are for graph 0; in all others x is [2, 3] and each composite has one operand.
struct CompositeOptions {
  std::vector<int32_t> shape = {2, 3};
  size_t operands = 1;
};
std::vector<std::byte> composite_file(const std::vector<std::vector<int32_t>>& bodies,
                                      const CompositeOptions& options = {});

// The bytes of a builder that holds a whole file.
std::vector<std::byte> finished(Builder& builder);

Expected<Model> read_file_at(const std::filesystem::path& path);

}  // namespace pare::tflite::testing
