#include "formats/tflite/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "formats/tflite/test_files.h"
#include "ir/diff.h"
#include "ir/text.h"
#include "testing/assets.h"

namespace pare {
namespace {

using namespace tflite::testing;  // NOLINT: the files of these tests
namespace schema = tflite::schema;
using ::testing::HasSubstr;

template <class T>
std::vector<uint8_t> raw(const std::vector<T>& values) {
  std::vector<uint8_t> bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

// The text form of the main graph, or the error.
std::string read_text(const TestFile& file) {
  const auto model = read_tflite(file.bytes(), "net.tflite");
  return model ? print(model->main()) : model.error().to_string();
}

// A graph that returns one constant after relu.
TestFile constant_file(TestTensor constant) {
  const auto shape = constant.shape;
  return {.tensors = {std::move(constant), {"y", shape}},
          .operators = {{schema::BuiltinOperator::RELU, {0}, {1}}},
          .outputs = {1}};
}

TEST(TfliteReader, ReadsAFloatNetworkOfFreeBatch) {
  PARE_REQUIRE_ASSET("models/mlperf_tiny/ad/ad01_fp32.tflite");
  const auto model = read_file_at(testing::assets() / "models/mlperf_tiny/ad/ad01_fp32.tflite");
  ASSERT_TRUE(model) << model.error().to_string();
  EXPECT_EQ(model->main().nodes().size(), 10u);
  EXPECT_EQ(model->main().inputs.front()->type.shape, (Shape{kDynamic, 640}));
  EXPECT_EQ(model->main().inputs.front()->file_index, 0);
  EXPECT_EQ(model->description, "MLIR Converted.");
  EXPECT_TRUE(model->metadata.contains("min_runtime_version"));
}

TEST(TfliteReader, ReadsQuantisation) {
  PARE_REQUIRE_ASSET("models/mlperf_tiny/ad/ad01_int8.tflite");
  const auto model = read_file_at(testing::assets() / "models/mlperf_tiny/ad/ad01_int8.tflite");
  ASSERT_TRUE(model) << model.error().to_string();
  const TensorType& input = model->main().inputs.front()->type;
  EXPECT_EQ(input.dtype, DType::Int8);
  EXPECT_EQ(input.quantization->zero_point(), 89);
  EXPECT_NEAR(input.quantization->scale(), 0.391015, 1e-6);
}

TEST(TfliteReader, ReadsASmallGraph) {
  EXPECT_EQ(read_text(relu_file()), "graph \"main\" (%x: f32[2, 3]) {\n  %y = relu(%x) : f32[2, 3]\n  return %y\n}\n");
}

TEST(TfliteReader, FreeExtentsComeFromTheShapeSignature) {
  TestFile file = relu_file();
  file.tensors[0].signature = file.tensors[1].signature = {-1, 3};
  EXPECT_THAT(read_text(file), HasSubstr("%x: f32[?, 3]"));
}

TEST(TfliteReader, RepeatedNamesGetTheirNumber) {
  TestFile file = relu_file();
  file.tensors.push_back({"x", {2, 3}});
  file.operators.push_back({schema::BuiltinOperator::RELU, {1}, {2}});
  file.operators.push_back({schema::BuiltinOperator::RELU, {2}, {1}});
  file.tensors.push_back({"z", {2, 3}});
  file.operators.back() = {schema::BuiltinOperator::RELU, {2}, {3}};
  file.outputs = {3};
  EXPECT_THAT(read_text(file), HasSubstr("%x:2 = relu(%y)"));
}

TEST(TfliteReader, ConstantsOfOneBufferShareTheirBytes) {
  flatbuffers::FlatBufferBuilder builder;
  const auto data = builder.CreateVector(raw<float>({1, 2, 3, 4}));
  const auto buffers =
      builder.CreateVector(std::vector{schema::CreateBuffer(builder), schema::CreateBuffer(builder, data)});
  std::vector<flatbuffers::Offset<schema::Tensor>> tensors;
  for (const auto& shape : {std::vector<int32_t>{4}, {2, 2}}) {
    const auto extents = builder.CreateVector(shape);
    const auto name = builder.CreateString(fmt::format("rank{}", shape.size()));
    tensors.push_back(schema::CreateTensor(builder, extents, schema::TensorType::FLOAT32, 1, name));
  }
  const auto list = builder.CreateVector(tensors);
  const auto outputs = builder.CreateVector(std::vector<int32_t>{0, 1});
  const auto graphs = builder.CreateVector(std::vector{schema::CreateSubGraph(builder, list, 0, outputs)});
  schema::FinishModelBuffer(builder, schema::CreateModel(builder, 3, 0, graphs, 0, buffers));
  const auto model = read_tflite(finished(builder), "net.tflite");
  ASSERT_TRUE(model) << model.error().to_string();
  const auto& values = model->main().values();
  EXPECT_TRUE(values[0]->data->shares_bytes_with(*values[1]->data));
  EXPECT_EQ(values[1]->data->shape(), (Shape{2, 2}));
}

// Large files keep their data behind the tables.
std::vector<std::byte> file_with_data_behind(uint64_t offset_error) {
  const std::vector<float> values{1, 2, 3};
  std::vector<std::byte> bytes;
  uint64_t offset = 2;
  for (int pass = 0; pass < 2; ++pass) {  // the second pass knows the place
    flatbuffers::FlatBufferBuilder builder;
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

TEST(TfliteReader, ReadsDataBehindTheTables) {
  const auto model = read_tflite(file_with_data_behind(0), "net.tflite");
  ASSERT_TRUE(model) << model.error().to_string();
  EXPECT_EQ(*model->main().values()[0]->data, Tensor::vector<float>({1, 2, 3}));
}

TEST(TfliteReader, RejectsDataBehindTheFile) {
  const auto model = read_tflite(file_with_data_behind(1), "net.tflite");
  ASSERT_FALSE(model);
  EXPECT_THAT(model.error().to_string(), HasSubstr("buffer 1 is said to lie at"));
}

TEST(TfliteReader, SparseConstantsBecomeDense) {
  // Rows of [[0, 5, 0], [7, 0, 9]] as compressed rows.
  TestTensor sparse{"c", {2, 3}, schema::TensorType::FLOAT32, raw<float>({5, 7, 9})};
  sparse.sparsity = [](Builder& builder) {
    const auto order = builder.CreateVector(std::vector<int32_t>{0, 1});
    const auto segments = schema::CreateUint8Vector(builder, builder.CreateVector(std::vector<uint8_t>{0, 1, 3}));
    const auto indices = schema::CreateUint8Vector(builder, builder.CreateVector(std::vector<uint8_t>{1, 0, 2}));
    const auto rows = schema::CreateDimensionMetadata(builder, schema::DimensionType::DENSE, 2);
    const auto columns = schema::CreateDimensionMetadata(builder, schema::DimensionType::SPARSE_CSR, 0,
                                                         schema::SparseIndexVector::Uint8Vector, segments.Union(),
                                                         schema::SparseIndexVector::Uint8Vector, indices.Union());
    return schema::CreateSparsityParameters(builder, order, 0, builder.CreateVector(std::vector{rows, columns}));
  };
  EXPECT_THAT(read_text(constant_file(sparse)), HasSubstr("%c = constant f32[2, 3] (0, 5, 0, 7, 0, 9)"));
}

TEST(TfliteReader, ReadsBlockwiseScales) {
  TestTensor weights{"w", {2, 4}, schema::TensorType::INT4, {0x21, 0x43, 0x65, 0x07}};
  weights.quantization = [](Builder& builder) {
    const auto details = schema::CreateBlockwiseQuantization(builder, 1, -1, 2);
    return schema::CreateQuantizationParameters(builder, 0, 0, 0, 0, schema::QuantizationDetails::BlockwiseQuantization,
                                                details.Union());
  };
  const TestFile file{.tensors = {weights, {"scales", {2, 2}, schema::TensorType::FLOAT32, raw<float>({1, 2, 3, 4})}},
                      .outputs = {0}};
  const auto model = read_tflite(file.bytes(), "net.tflite");
  ASSERT_TRUE(model) << model.error().to_string();
  ASSERT_EQ(model->main().values().size(), 1u);  // the scales are no tensor of ours
  EXPECT_EQ(model->main().values()[0]->type.quantization->scales, (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(model->main().values()[0]->type.quantization->block, 2);
}

// --- what is refused

std::string error_of(std::span<const std::byte> bytes, ErrorCode code = ErrorCode::BadInput) {
  const auto model = read_tflite(bytes, "net.tflite");
  EXPECT_FALSE(model);
  if (model) return {};
  EXPECT_EQ(model.error().code, code) << model.error().to_string();
  return model.error().to_string();
}
std::string error_of(const TestFile& file, ErrorCode code = ErrorCode::BadInput) {
  return error_of(file.bytes(), code);
}

TEST(TfliteReader, RejectsOtherFiles) {
  EXPECT_THAT(error_of(std::vector<std::byte>(100)),
              HasSubstr("net.tflite: not a .tflite file: 'TFL3' was expected at byte 4"));
  EXPECT_THAT(error_of(std::vector<std::byte>{}), HasSubstr("not a .tflite file"));
}

TEST(TfliteReader, RejectsEveryTruncation) {
  const std::vector<std::byte> bytes = relu_file().bytes();
  for (size_t size = 8; size < bytes.size(); size += 4)
    EXPECT_FALSE(read_tflite(std::span(bytes).first(size), "net.tflite")) << size;
  EXPECT_THAT(error_of(std::span(bytes).first(bytes.size() / 2)), HasSubstr("damaged or cut off"));
}

TEST(TfliteReader, SurvivesEveryDamagedByte) {
  const std::vector<std::byte> bytes = relu_file().bytes();
  for (size_t at = 0; at < bytes.size(); ++at)
    for (const int value : {0x00, 0x7F, 0xFF}) {
      std::vector<std::byte> damaged = bytes;
      damaged[at] = static_cast<std::byte>(value);
      const auto model = read_tflite(damaged, "net.tflite");
      EXPECT_TRUE(model || model.error().code != ErrorCode::Internal);
    }
}

TEST(TfliteReader, RejectsOtherSchemaVersions) {
  TestFile file = relu_file();
  file.version = 4;
  EXPECT_THAT(error_of(file, ErrorCode::Unsupported), HasSubstr("schema version 4; version 3 is read"));
}

TEST(TfliteReader, RejectsAFileWithoutGraph) {
  Builder builder;
  schema::FinishModelBuffer(builder, schema::CreateModel(builder, 3));
  EXPECT_THAT(error_of(finished(builder)), HasSubstr("the file has no graph"));
}

TEST(TfliteReader, RejectsTablesThatShareTooMuch) {
  Builder builder;
  const auto name = builder.CreateString(std::string(1 << 20, 'n'));
  std::vector<flatbuffers::Offset<schema::Tensor>> tensors;
  for (int i = 0; i < 1000; ++i)
    tensors.push_back(schema::CreateTensor(builder, 0, schema::TensorType::FLOAT32, 0, name));
  const auto list = builder.CreateVector(tensors);
  const auto graphs = builder.CreateVector(std::vector{schema::CreateSubGraph(builder, list)});
  schema::FinishModelBuffer(builder, schema::CreateModel(builder, 3, 0, graphs));
  EXPECT_THAT(error_of(finished(builder)), HasSubstr("tables share their contents as no converter does"));
}

TEST(TfliteReader, RejectsIndicesOutOfRange) {
  TestFile file = relu_file();
  file.inputs = {7};
  EXPECT_THAT(error_of(file), HasSubstr("inputs: tensor 7 of a graph with 2 tensors"));
  file = relu_file();
  file.operators[0].outputs = {-1};
  EXPECT_THAT(error_of(file), HasSubstr("operator 0: tensor -1 of a graph with 2 tensors"));
}

TEST(TfliteReader, RejectsCyclesAndDanglingTensors) {
  TestFile file = relu_file();
  file.operators[0].inputs = {1};
  EXPECT_THAT(error_of(file), HasSubstr("operand 'y' is not computed before it is used"));
  file = relu_file();
  file.inputs = {};
  EXPECT_THAT(error_of(file), HasSubstr("operand 'x' is not computed before it is used"));
}

TEST(TfliteReader, RejectsTwoProducersOfOneTensor) {
  TestFile file = relu_file();
  file.operators.push_back(file.operators[0]);
  EXPECT_THAT(error_of(file), HasSubstr("operator 1 RELU: its result 'y' has another producer"));
}

TEST(TfliteReader, RejectsAnInputTwice) {
  TestFile file = relu_file();
  file.inputs = {0, 0};
  EXPECT_THAT(error_of(file), HasSubstr("'x' is an input twice"));
}

TEST(TfliteReader, RejectsInputsWithData) {
  TestFile file = relu_file();
  file.tensors[0].data = std::vector<uint8_t>(24);
  EXPECT_THAT(error_of(file), HasSubstr("the input 'x' has data of its own"));
}

TEST(TfliteReader, RejectsDataOfOtherSize) {
  EXPECT_THAT(error_of(constant_file({"c", {2, 2}, schema::TensorType::FLOAT32, raw<float>({1, 2, 3})})),
              HasSubstr("tensor 0 'c': its buffer holds 12 bytes; f32[2, 2] takes 16"));
}

TEST(TfliteReader, RejectsBooleansThatAreNone) {
  EXPECT_THAT(error_of(constant_file({"c", {2}, schema::TensorType::BOOL, {1, 2}})),
              HasSubstr("a boolean is neither 0 nor 1"));
}

TEST(TfliteReader, RejectsHugeAndNegativeShapes) {
  TestFile file = relu_file();
  file.tensors[0].shape = {1 << 30, 1 << 30};
  EXPECT_THAT(error_of(file), HasSubstr("the shape [1073741824, 1073741824] is beyond any memory"));
  file.tensors[0].shape = {-2};
  EXPECT_THAT(error_of(file), HasSubstr("an extent of -2"));
  file.tensors[0].shape = std::vector<int32_t>(9, 1);
  EXPECT_THAT(error_of(file, ErrorCode::Unsupported), HasSubstr("a tensor of 9 dimensions"));
  file = relu_file();
  file.tensors[0].signature = {-1};
  EXPECT_THAT(error_of(file), HasSubstr("its shape has 2 dimensions, its shape signature 1"));
}

TEST(TfliteReader, RejectsResultsThatContradictTheOperator) {
  TestFile file = relu_file();
  file.tensors[1].shape = {2, 4};
  EXPECT_THAT(error_of(file), HasSubstr("result 'y' is f32[2, 4], f32[2, 3] was expected"));
}

TEST(TfliteReader, RejectsVariablesWithData) {
  TestTensor tensor{"c", {1}, schema::TensorType::FLOAT32, raw<float>({1})};
  tensor.is_variable = true;
  EXPECT_THAT(error_of(constant_file(tensor)), HasSubstr("it has data of its own and is also a variable"));
}

TEST(TfliteReader, RejectsWhatPareHasNotByName) {
  TestFile file = relu_file();
  file.operators[0].code = schema::BuiltinOperator::CUSTOM;
  file.operators[0].custom = "MyOp";
  EXPECT_THAT(error_of(file, ErrorCode::Unsupported), HasSubstr("the custom operator 'MyOp'"));
  file = relu_file();
  file.operators[0].code = schema::BuiltinOperator::LSH_PROJECTION;
  EXPECT_THAT(error_of(file, ErrorCode::Unsupported),
              HasSubstr("the operator LSH_PROJECTION is not one that Pare reads"));
  file.operators[0].code = static_cast<schema::BuiltinOperator>(5000);
  EXPECT_THAT(error_of(file, ErrorCode::Unsupported), HasSubstr("operator number 5000 is newer than Pare"));
  file = relu_file();
  file.tensors[0].type = schema::TensorType::COMPLEX64;
  EXPECT_THAT(error_of(file, ErrorCode::Unsupported), HasSubstr("element type COMPLEX64"));
}

// The composite of graph 0 names this graph for its body; graph 1 is relu over [2, 3].
std::vector<std::byte> composite_file(int32_t body, std::vector<int32_t> shape = {2, 3}) {
  Builder builder;
  const auto buffers = builder.CreateVector(std::vector{schema::CreateBuffer(builder)});
  const auto codes = builder.CreateVector(
      std::vector{schema::CreateOperatorCode(builder, 127, 0, 1, schema::BuiltinOperator::STABLEHLO_COMPOSITE),
                  schema::CreateOperatorCode(builder, 19, 0, 1, schema::BuiltinOperator::RELU)});
  std::vector<flatbuffers::Offset<schema::SubGraph>> graphs;
  for (const uint32_t code : {0u, 1u}) {
    std::vector<flatbuffers::Offset<schema::Tensor>> tensors;
    for (const char* name : {"x", "y"}) {
      const auto extents = builder.CreateVector(code == 0 ? shape : std::vector<int32_t>{2, 3});
      tensors.push_back(
          schema::CreateTensor(builder, extents, schema::TensorType::FLOAT32, 0, builder.CreateString(name)));
    }
    const auto list = builder.CreateVector(tensors);
    const auto in = builder.CreateVector(std::vector<int32_t>{0}), out = builder.CreateVector(std::vector<int32_t>{1});
    flatbuffers::Offset<void> options;
    if (code == 0)
      options = schema::CreateStableHLOCompositeOptions(builder, builder.CreateString("my.relu"), body).Union();
    const auto type = code == 0 ? schema::BuiltinOptions2::StableHLOCompositeOptions : schema::BuiltinOptions2::NONE;
    const auto ops = builder.CreateVector(
        std::vector{schema::CreateOperator(builder, code, in, out, schema::BuiltinOptions::NONE, 0, 0,
                                           schema::CustomOptionsFormat::FLEXBUFFERS, 0, 0, 0, 0, type, options)});
    graphs.push_back(schema::CreateSubGraph(builder, list, in, out, ops));
  }
  const auto list = builder.CreateVector(graphs);
  schema::FinishModelBuffer(builder, schema::CreateModel(builder, 3, codes, list, 0, buffers));
  return finished(builder);
}

TEST(TfliteReader, ReadsComposites) {
  const auto model = read_tflite(composite_file(1), "net.tflite");
  ASSERT_TRUE(model) << model.error().to_string();
  EXPECT_THAT(print(model->main()), HasSubstr("composite(%x) {name = my.relu"));
}

TEST(TfliteReader, RejectsCompositesWithoutAFittingGraph) {
  EXPECT_THAT(error_of(composite_file(7)), HasSubstr("graph 7 of a file with 2"));
  EXPECT_THAT(error_of(composite_file(0)), HasSubstr("a composite operator is part of its own graph"));
  EXPECT_THAT(error_of(composite_file(1, {4, 4})),
              HasSubstr("number 0 of its operands is f32[4, 4], in its graph f32[2, 3]"));
}

TEST(TfliteReader, RejectsOptionsOfAnotherOperator) {
  TestFile file = relu_file();
  file.operators[0].code = schema::BuiltinOperator::SOFTMAX;
  file.operators[0].type = schema::BuiltinOptions::Conv2DOptions;
  file.operators[0].options = [](Builder& builder) { return schema::CreateConv2DOptions(builder).Union(); };
  EXPECT_THAT(error_of(file), HasSubstr("SoftmaxOptions was expected beside it, Conv2DOptions was found"));
}

TEST(TfliteReader, RejectsScalesThatAreNone) {
  TestFile file = relu_file();
  file.tensors[0].type = schema::TensorType::INT8;
  file.tensors[0].quantization = [](Builder& builder) {
    return schema::CreateQuantizationParameters(builder, 0, 0, builder.CreateVector(std::vector<float>{-1}));
  };
  EXPECT_THAT(error_of(file), HasSubstr("tensor 'x': scale -1; a positive finite number was expected"));
}

TEST(TfliteReader, RejectsCustomQuantisation) {
  TestFile file = relu_file();
  file.tensors[0].type = schema::TensorType::INT8;
  file.tensors[0].quantization = [](Builder& builder) {
    const auto details = schema::CreateCustomQuantization(builder);
    return schema::CreateQuantizationParameters(builder, 0, 0, 0, 0, schema::QuantizationDetails::CustomQuantization,
                                                details.Union());
  };
  EXPECT_THAT(error_of(file, ErrorCode::Unsupported), HasSubstr("CustomQuantization of a tensor"));
}

TEST(TfliteReader, RejectsSparseStorageThatContradictsItself) {
  TestTensor sparse{"c", {2, 3}, schema::TensorType::FLOAT32, raw<float>({5})};
  std::vector<uint8_t> segments, indices;
  sparse.sparsity = [&](Builder& builder) {
    const auto order = builder.CreateVector(std::vector<int32_t>{0, 1});
    const auto starts = schema::CreateUint8Vector(builder, builder.CreateVector(segments));
    const auto places = schema::CreateUint8Vector(builder, builder.CreateVector(indices));
    const auto rows = schema::CreateDimensionMetadata(builder, schema::DimensionType::DENSE, 2);
    const auto columns = schema::CreateDimensionMetadata(builder, schema::DimensionType::SPARSE_CSR, 0,
                                                         schema::SparseIndexVector::Uint8Vector, starts.Union(),
                                                         schema::SparseIndexVector::Uint8Vector, places.Union());
    return schema::CreateSparsityParameters(builder, order, 0, builder.CreateVector(std::vector{rows, columns}));
  };
  segments = {0, 1};
  indices = {1};
  EXPECT_THAT(error_of(constant_file(sparse)), HasSubstr("sparse row 1 has no segment"));
  segments = {0, 1, 9};
  EXPECT_THAT(error_of(constant_file(sparse)), HasSubstr("sparse row 1 holds entries 1 to 9 of 1"));
  segments = {0, 1, 1};
  indices = {3};
  EXPECT_THAT(error_of(constant_file(sparse)), HasSubstr("sparse index 3 in an extent of 3"));
  segments = {0, 2, 2};
  indices = {1, 1};
  EXPECT_THAT(error_of(constant_file(sparse)), HasSubstr("the sparse indices of row 0 do not rise"));
  indices = {0, 1};
  EXPECT_THAT(error_of(constant_file(sparse)), HasSubstr("sparse storage ends after 4 bytes"));
  segments = {0, 0, 0};
  EXPECT_THAT(error_of(constant_file(sparse)), HasSubstr("sparse storage leaves 4 of 4 bytes unread"));
}

}  // namespace
}  // namespace pare
