#include "formats/tflite/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/tflite/test_files.h"
#include "ir/diff.h"
#include "ir/text.h"
#include "testing/assets.h"

namespace pare {
namespace {

using namespace tflite::testing;  // NOLINT: the files of these tests
namespace schema = tflite::schema;
using ::testing::HasSubstr;

// The text form of the main graph, or the error.
std::string read_text(const TestFile& file) {
  const auto model = read_tflite(file.bytes(), "net.tflite");
  return model ? print(model->main()) : model.error().to_string();
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

TEST(TfliteReader, ReadsDataBehindTheTables) {
  const auto model = read_tflite(file_with_data_behind(0), "net.tflite");
  ASSERT_TRUE(model) << model.error().to_string();
  EXPECT_EQ(*model->main().values()[0]->data, Tensor::vector<float>({1, 2, 3}));
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

TEST(TfliteReader, ReadsComposites) {
  const auto model = read_tflite(composite_file({{1}, {}}), "net.tflite");
  ASSERT_TRUE(model) << model.error().to_string();
  EXPECT_THAT(print(model->main()), HasSubstr("composite(%x) {name = my.relu"));
}

TEST(TfliteReader, ReadsZeroPointsAtAnyMultipleOfFour) {
  for (const bool shifted : {false, true}) {
    TestFile file = relu_file();
    file.tensors[0].type = file.tensors[1].type = schema::TensorType::INT8;
    file.tensors[0].quantization = [shifted](Builder& builder) {
      const auto scale = builder.CreateVector(std::vector<float>{0.5f});
      if (shifted) builder.CreateVector(std::vector<float>{});  // a length without elements: four bytes
      builder.StartVector(2, sizeof(int32_t));                  // the two halves of one element, the higher first
      builder.PushElement<int32_t>(0);
      builder.PushElement<int32_t>(5);
      const flatbuffers::Offset<flatbuffers::Vector<int64_t>> zero_point(builder.EndVector(1));
      return schema::CreateQuantizationParameters(builder, 0, 0, scale, zero_point);
    };
    const auto model = read_tflite(file.bytes(), "net.tflite");
    ASSERT_TRUE(model) << model.error().to_string();
    EXPECT_EQ(model->main().inputs[0]->type.quantization->zero_point(), 5);
  }
}

TEST(TfliteReader, TakesOptionsWithoutATableForTheDefaults) {
  TestFile file = relu_file();
  file.operators[0].code = schema::BuiltinOperator::SOFTMAX;
  file.operators[0].type = schema::BuiltinOptions::SoftmaxOptions;
  file.operators[0].options = [](Builder&) { return flatbuffers::Offset<void>(); };
  EXPECT_THAT(read_text(file), HasSubstr("softmax(%x)"));
}

TEST(TfliteReader, TakesQuantisationDetailsWithoutATableForNone) {
  for (const auto type :
       {schema::QuantizationDetails::BlockwiseQuantization, schema::QuantizationDetails::CustomQuantization}) {
    TestFile file = relu_file();
    file.tensors[0].type = file.tensors[1].type = schema::TensorType::INT8;
    file.tensors[0].quantization = [type](Builder& builder) {
      return schema::CreateQuantizationParameters(builder, 0, 0, 0, 0, type);
    };
    EXPECT_THAT(read_text(file), HasSubstr("%x: i8[2, 3])"));
  }
}

}  // namespace
}  // namespace pare
