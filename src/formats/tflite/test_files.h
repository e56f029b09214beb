// What the tests of the TFLite reader and writer share: small files made with the schema itself, and the files of the assets.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/files.h"
#include "formats/tflite/reader.h"
#include "tflite/schema_generated.h"

namespace pare::tflite::testing {

using Builder = flatbuffers::FlatBufferBuilder;

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
};

struct TestOperator {
  schema::BuiltinOperator code;
  std::vector<int32_t> inputs, outputs;
  schema::BuiltinOptions type = schema::BuiltinOptions::NONE;
  std::function<flatbuffers::Offset<void>(Builder&)> options = nullptr;
  std::string custom = {};
};

// A file of one graph; every number can be wrong on purpose.
struct TestFile {
  std::vector<TestTensor> tensors;
  std::vector<TestOperator> operators;
  std::vector<int32_t> inputs, outputs;
  uint32_t version = 3;

  std::vector<std::byte> bytes() const;
};

// x -> relu -> y over [2, 3].
TestFile relu_file();

std::vector<std::byte> finished(Builder& builder);

Expected<Model> read_file_at(const std::filesystem::path& path);

}  // namespace pare::tflite::testing
