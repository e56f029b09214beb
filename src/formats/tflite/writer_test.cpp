#include "formats/tflite/writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/tflite/buffer_pool.h"
#include "formats/tflite/operator_version.h"
#include "formats/tflite/options.h"
#include "formats/tflite/test_files.h"
#include "ir/builder.h"
#include "ir/diff.h"
#include "ops/composite.h"
#include "ops/conv_2d.h"
#include "ops/fully_connected.h"
#include "testing/graphs.h"

namespace pare {
namespace {

using ::testing::HasSubstr;
using testing::model_of;
namespace schema = tflite::schema;

std::vector<std::byte> written(const Model& model) {
  auto bytes = write_tflite(model);
  EXPECT_TRUE(bytes) << bytes.error().to_string();
  return std::move(*bytes);
}

// Two dense layers whose weights are equal but lie in two tensors.
Graph twins() {
  GraphBuilder build;
  Value* x = build.input("x", {kDynamic, 4});
  const std::vector<float> weights(16, 0.25f);
  Value* first = build.op("fully_connected", {x, build.constant("a", Tensor::of<float>({4, 4}, weights)), nullptr});
  Value* second =
      build.op("fully_connected", {first, build.constant("b", Tensor::of<float>({4, 4}, weights)), nullptr});
  return build.finish({second});
}

TEST(TfliteWriter, WritesAndReadsBack) {
  const Model model = model_of(twins());
  const auto again = read_tflite(written(model), "again");
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_EQ(diff(model.main(), again->main()), "");
}

TEST(TfliteWriter, EqualModelsGiveEqualBytes) { EXPECT_EQ(written(model_of(twins())), written(model_of(twins()))); }

TEST(TfliteWriter, EqualConstantsShareOneAlignedBuffer) {
  const std::vector<std::byte> bytes = written(model_of(twins()));
  const schema::Model& model = *schema::GetModel(bytes.data());
  ASSERT_EQ(model.buffers()->size(), 3u);  // none, the weights, the runtime version
  EXPECT_EQ(model.buffers()->Get(0)->data(), nullptr);
  EXPECT_EQ((model.buffers()->Get(1)->data()->data() - reinterpret_cast<const uint8_t*>(bytes.data())) % 16, 0);
}

// Two tensors of three channels each: their scales differ, their zero points are the same zeros.
TEST(TfliteWriter, EqualVectorsAreWrittenOnce) {
  GraphBuilder build;
  Value* x = build.input("x", {1, 3});
  const auto stored = [&](const char* name, std::vector<float> scales) {
    Value* value = build.constant(name, Tensor(DType::Int8, {3, 3}));
    value->type.quantization = Quantization::per_axis(std::move(scales), 0);
    return build.op("dequantize", {value});
  };
  Value* a = build.op("fully_connected", {x, stored("a", {1, 2, 3}), nullptr});
  Value* b = build.op("fully_connected", {a, stored("b", {1, 2, 4}), nullptr});
  const std::vector<std::byte> bytes = written(model_of(build.finish({b})));
  std::vector<const schema::QuantizationParameters*> parameters;
  for (const schema::Tensor* tensor : *schema::GetModel(bytes.data())->subgraphs()->Get(0)->tensors())
    if (tensor->quantization() != nullptr) parameters.push_back(tensor->quantization());
  ASSERT_EQ(parameters.size(), 2u);
  EXPECT_EQ(parameters[0]->zero_point()->size(), 3u);
  EXPECT_EQ(parameters[0]->zero_point(), parameters[1]->zero_point());
  EXPECT_NE(parameters[0]->scale(), parameters[1]->scale());
}

// Bytes in front of the numbers of four, whatever the order of the tensors.
TEST(TfliteWriter, BuffersOfOneTypeLieTogether) {
  GraphBuilder build;
  Value* x = build.input("x", {1, 2});
  for (const char* name : {"a", "b"}) {
    const bool first = *name == 'a';
    Value* weights =
        build.constant(std::string(name) + "/weights", Tensor::of<float>({2, 2}, {1, 2, 3, first ? 4.f : 5.f}));
    Value* halves = build.constant(name, Tensor::of<Half>({2}, {to_half(1), to_half(first ? 2 : 3)}));
    x = build.op("fully_connected", {x, weights, build.op("dequantize", {halves})});
  }
  const std::vector<std::byte> bytes = written(model_of(build.finish({x})));
  const schema::Model& model = *schema::GetModel(bytes.data());
  std::vector<std::pair<const uint8_t*, schema::TensorType>> places;
  for (const schema::Tensor* tensor : *model.subgraphs()->Get(0)->tensors())
    if (tensor->buffer() != 0)
      places.emplace_back(model.buffers()->Get(tensor->buffer())->data()->data(), tensor->type());
  ASSERT_EQ(places.size(), 4u);
  std::ranges::sort(places);
  EXPECT_EQ(places[0].second, places[1].second);
  EXPECT_EQ(places[2].second, places[3].second);
  EXPECT_NE(places[1].second, places[2].second);
}

TEST(TfliteWriter, FreeExtentsAreOneWithASignature) {
  const std::vector<std::byte> bytes = written(model_of(twins()));
  const schema::Tensor& input = *schema::GetModel(bytes.data())->subgraphs()->Get(0)->tensors()->Get(0);
  EXPECT_EQ(input.shape()->Get(0), 1);
  EXPECT_EQ(input.shape_signature()->Get(0), -1);
}

TEST(TfliteWriter, ConvolutionsWithoutBiasGetZeros) {
  GraphBuilder build;
  Value* x = build.input("x", {1, 4, 4, 2});
  Value* y = build.op("conv_2d", {x, build.constant("w", Tensor(DType::Float32, {3, 1, 1, 2})), nullptr});
  const std::vector<std::byte> bytes = written(model_of(build.finish({y})));
  const schema::SubGraph& graph = *schema::GetModel(bytes.data())->subgraphs()->Get(0);
  const schema::Tensor& bias = *graph.tensors()->Get(graph.operators()->Get(0)->inputs()->Get(2));
  EXPECT_EQ(bias.shape()->Get(0), 3);
}

TEST(TfliteWriter, BlockwiseScalesSurvive) {
  GraphBuilder build;
  Value* x = build.input("x", {1, 4});
  Tensor codes(DType::Int4, {2, 4});
  for (const float unit : {1.f, 1e-3f}) {  // scales that are float16 numbers, and scales that are not
    Quantization quantization{{unit, 2 * unit, 3 * unit, 4 * unit}, {0, 0, 1, 0}, 0, 2};
    build.op("fully_connected", {x, build.constant("w", codes, quantization), nullptr});
  }
  const Model model = model_of(build.finish({x}));
  const auto again = read_tflite(written(model), "again");
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_EQ(diff(model.main(), again->main()), "");
}

TEST(TfliteWriter, KeepsSignaturesMetadataAndDescription) {
  Model model = model_of(twins());
  model.description = "two layers";
  model.metadata["note"] = {std::byte{1}, std::byte{2}};
  model.signatures.push_back({"serve", 0, {{"in", model.main().inputs[0]}}, {{"out", model.main().outputs[0]}}});
  const auto again = read_tflite(written(model), "again");
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_EQ(again->description, "two layers");
  EXPECT_EQ(again->metadata.at("note"), model.metadata.at("note"));
  ASSERT_EQ(again->signatures.size(), 1u);
  EXPECT_EQ(again->signatures[0].key, "serve");
  EXPECT_EQ(again->signatures[0].inputs[0].first, "in");
  EXPECT_EQ(again->signatures[0].outputs[0].second->name, model.main().outputs[0]->name);
}

// Every operator that TFLite has and that carries attributes has a mapping of them, and only such.
TEST(TfliteWriter, EveryOperatorWithAttributesHasOptions) {
  for (const OpDef* op : all_ops()) {
    const bool has_attributes = op->attributes.get_if<NoAttributes>() == nullptr;
    const bool expected = has_attributes && (op->in_tflite || op->name == "composite");
    EXPECT_EQ(tflite::find_options(op->name) != nullptr, expected) << op->name;
  }
}

int version_of(DType src, DType weights, DType dst, FullyConnectedAttributes attributes, size_t scales = 1) {
  Graph graph;
  const auto type = [](DType dtype, Shape shape) {
    return TensorType{dtype, std::move(shape),
                      is_float(dtype) ? std::nullopt : std::optional(Quantization::per_tensor(1))};
  };
  Value* x = graph.add_input("x", type(src, {1, 4}));
  Value* w = graph.add_value("w", type(weights, {4, 4}));
  if (scales > 1) w->type.quantization = Quantization::per_axis(std::vector<float>(scales, 1), 0);
  Value* y = graph.add_value("y", type(dst, {1, 4}));
  return tflite::operator_version(
      *graph.append_with_results(*find_op("fully_connected"), attributes, {x, w, nullptr}, {y}));
}

TEST(TfliteWriter, OperatorVersionsFollowTypesAndAttributes) {
  EXPECT_EQ(version_of(DType::Float32, DType::Float32, DType::Float32, {}), 1);
  EXPECT_EQ(version_of(DType::Float32, DType::Int8, DType::Float32, {}), 3);
  EXPECT_EQ(version_of(DType::Float32, DType::Int8, DType::Float32, {.asymmetric_quantize_inputs = true}), 9);
  EXPECT_EQ(version_of(DType::Float32, DType::Int8, DType::Float32, {}, 4), 12);
  EXPECT_EQ(version_of(DType::Int8, DType::Int8, DType::Int8, {}), 4);
  EXPECT_EQ(version_of(DType::Int8, DType::Int8, DType::Int8, {.keep_num_dims = true}), 5);
  EXPECT_EQ(version_of(DType::Int8, DType::Int4, DType::Int8, {}), 10);
  EXPECT_EQ(version_of(DType::Int16, DType::Int4, DType::Int16, {}), 13);
}

std::string runtime_of(const Model& model) {
  const auto again = read_tflite(written(model), "again");
  if (!again) return again.error().to_string();
  const auto& bytes = again->metadata.at("min_runtime_version");
  EXPECT_EQ(bytes.size(), 16u);
  return reinterpret_cast<const char*>(bytes.data());
}

TEST(TfliteWriter, NamesTheOldestRuntimeThatKnowsTheOperators) {
  EXPECT_EQ(runtime_of(model_of(twins())), "1.5.0");
  GraphBuilder build;
  Model model = model_of(build.finish({build.op("gelu", {build.input("x", {1, 4})})}));
  model.metadata["min_runtime_version"] = {};  // what a former file needed is no longer of interest
  EXPECT_EQ(runtime_of(model), "2.9.0");
}

// --- what is refused

std::string error_of(const Model& model, ErrorCode code) {
  const auto bytes = write_tflite(model);
  EXPECT_FALSE(bytes);
  if (bytes) return {};
  EXPECT_EQ(bytes.error().code, code);
  return bytes.error().to_string();
}

TEST(TfliteWriter, RejectsOperatorsThatTfliteHasNot) {
  GraphBuilder build;
  Value* x = build.input("x", {1, 2, 2, 3});
  const auto of_3 = [&](const char* name) { return build.constant(name, Tensor::vector<float>({1, 1, 1})); };
  Value* y = build.op("batch_normalization", {x, of_3("gamma"), of_3("beta"), of_3("mean"), of_3("variance")});
  EXPECT_THAT(error_of(model_of(build.finish({y})), ErrorCode::Unsupported),
              HasSubstr("TFLite has no operator batch_normalization"));
}

TEST(TfliteWriter, RejectsNumbersBeyond32Bits) {
  GraphBuilder build;
  Value* y = build.op("relu", {build.input("x", {int64_t{1} << 32})});
  EXPECT_THAT(error_of(model_of(build.finish({y})), ErrorCode::Unsupported),
              HasSubstr("tensor 'x': an extent of 4294967296"));
  GraphBuilder wide;
  Value* conv = wide.op(
      "conv_2d", {wide.input("x", {1, 4, 4, 1}), wide.constant("w", Tensor::of<float>({1, 1, 1, 1}, {1})), nullptr},
      Conv2dAttributes{.stride_h = int64_t{1} << 40});
  EXPECT_THAT(error_of(model_of(wide.finish({conv})), ErrorCode::Unsupported),
              HasSubstr("the attribute stride_h is 1099511627776"));
}

TEST(TfliteWriter, RejectsTensorsOfText) {
  Graph graph;
  graph.outputs = {graph.add_input("words", {DType::String, {2}, {}})};
  EXPECT_THAT(error_of(model_of(std::move(graph)), ErrorCode::Unsupported),
              HasSubstr("tensor 'words': string tensors cannot be written to .tflite"));
}

TEST(TfliteWriter, RejectsDepthwiseConvolutionsOfUnknownChannels) {
  GraphBuilder build;
  Value* x = build.input("x", {1, 4, 4, kDynamic});
  Value* y = build.op("depthwise_conv_2d", {x, build.input("w", {1, 3, 3, kDynamic}), nullptr});
  EXPECT_THAT(error_of(model_of(build.finish({y})), ErrorCode::Unsupported),
              HasSubstr("a depthwise convolution of unknown channel count cannot be written"));
}

TEST(TfliteWriter, RejectsBytesOfCompositesThatAreNone) {
  Graph graph;
  Value* x = graph.add_input("x", {DType::Float32, {2}, {}});
  Value* y = graph.add_value("y", x->type);
  graph.append_with_results(*find_op("composite"), CompositeAttributes{.name = "mine", .composite_attributes = {300}},
                            {x}, {y});
  graph.outputs = {y};
  EXPECT_THAT(error_of(model_of(std::move(graph)), ErrorCode::BadInput), HasSubstr("its attached bytes are not bytes"));
}

TEST(TfliteWriter, RejectsSignaturesOfOtherGraphs) {
  Model model = model_of(twins());
  Value stranger;
  model.signatures.push_back({"serve", 0, {{"in", &stranger}}, {}});
  EXPECT_THAT(error_of(model, ErrorCode::BadInput),
              HasSubstr("signature 'serve': 'in' names a tensor that is not in graph 0"));
  model.signatures[0] = {"serve", 5, {}, {}};
  EXPECT_THAT(error_of(model, ErrorCode::BadInput), HasSubstr("graph 5 of a model with 1"));
}

TEST(TfliteWriter, RejectsFilesBeyond2GB) {
  EXPECT_TRUE(tflite::check_file_size(uint64_t{1} << 30));
  const auto done = tflite::check_file_size(uint64_t{2} << 30);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().to_string(), HasSubstr("a .tflite file holds at most 2 GB"));
}

}  // namespace
}  // namespace pare
