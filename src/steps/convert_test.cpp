#include "steps/convert.h"

#include <gmock/gmock.h>

#include "ir/diff.h"
#include "testing/passes.h"

namespace pare {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ops_of;

// Convolution, batch normalisation and relu, with a signature.
Model network(const std::string& format) {
  Model model = testing::model_of(R"(graph (%x: f32[?, 4, 4, 2]) {
    %w = constant f32[3, 1, 1, 2] (1, -2, 3, -4, 5, 6)
    %gamma = constant f32[3] (1, 2, 3)
    %beta = constant f32[3] (0, 1, 0)
    %mean = constant f32[3] (0.5, 0, 1)
    %variance = constant f32[3] (1, 4, 9)
    %conv = conv_2d(%x, %w)
    %normal = batch_normalization(%conv, %gamma, %beta, %mean, %variance)
    %y = relu(%normal)
    return %y
  })");
  Graph& graph = model.main();
  model.signatures.push_back({"classify", 0, {{"image", graph.inputs[0]}}, {{"scores", graph.outputs[0]}}});
  model.source_format = format;
  return model;
}

TEST(Convert, AModelOfTheSameFormatStaysAsItIs) {
  const Model model = network("tflite");
  const auto result = convert(model, "out.tflite", {});
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(diff(model.main(), result->model.main()), "");
  EXPECT_THAT(result->passes, IsEmpty());
}

TEST(Convert, AnotherFormatIsFoldedAndFusedWithTheSameNumbersAndNames) {
  const auto expect_fused = [](const Model& model, const ConvertOptions& options) {
    const Model before = model.clone();
    const auto result = convert(model, "out.tflite", options);
    ASSERT_TRUE(result) << result.error().to_string();
    const Model& converted = result->model;
    EXPECT_THAT(ops_of(converted.main()), ElementsAre("conv_2d"));
    EXPECT_EQ(converted.main().inputs[0]->name, "x");
    EXPECT_EQ(converted.main().outputs[0]->name, "y");
    ASSERT_EQ(converted.signatures.size(), 1u);
    EXPECT_EQ(converted.signatures[0].key, "classify");
    EXPECT_EQ(converted.signatures[0].inputs[0], std::pair(std::string("image"), converted.main().inputs[0]));
    EXPECT_EQ(converted.signatures[0].outputs[0], std::pair(std::string("scores"), converted.main().outputs[0]));
    const auto folded = std::find_if(result->passes.begin(), result->passes.end(), [](const PassRecord& record) {
      return record.pass == "fold_batch_normalization" && record.changes == 1;
    });
    EXPECT_NE(folded, result->passes.end()) << "the record says what was done";
    const auto expected = testing::run_reference(model.main(), 3), got = testing::run_reference(converted.main(), 3);
    EXPECT_THAT(got[0], ::testing::Pointwise(::testing::FloatNear(1e-4f), expected[0]));
    EXPECT_EQ(diff(before.main(), model.main()), "") << "the given model is left alone";
  };
  expect_fused(network("keras"), {});
  expect_fused(network("tflite"), {.optimize = true});
}

TEST(Convert, PassesCanBeLeftOut) {
  const auto result = convert(network("keras"), "out.tflite", {.pipeline = {.disabled = {"fuse_activation"}}});
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_THAT(ops_of(result->model.main()), ElementsAre("conv_2d", "relu"));
}

TEST(Convert, AKerasFileTakesNoPasses) {
  const auto optimized = convert(network("keras"), "out.h5", {.optimize = true});
  ASSERT_FALSE(optimized);
  EXPECT_EQ(optimized.error().code, ErrorCode::Usage);
  EXPECT_THAT(optimized.error().message, HasSubstr("a Keras file takes a network as it was read"));
  const auto foreign = convert(network("tflite"), "out.keras", {});
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().code, ErrorCode::Unsupported);
  EXPECT_THAT(foreign.error().to_string(), HasSubstr("did not come from a Keras file"));
}

TEST(Convert, RefusesAnUnknownEndingAndAnUnknownPass) {
  for (const char* output : {"net.onnx", "net", "net.tflite.gz"}) {
    const auto result = convert(network("keras"), output, {});
    ASSERT_FALSE(result) << output;
    EXPECT_EQ(result.error().code, ErrorCode::Usage);
    EXPECT_EQ(result.error().where, output);
    EXPECT_THAT(result.error().message,
                HasSubstr("names no format that Pare writes; .tflite, .h5, .keras and .pare are written"));
  }
  const auto result = convert(network("keras"), "net.tflite", {.pipeline = {.disabled = {"fuse_everything"}}});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().to_string(), HasSubstr("there is no pass 'fuse_everything'"));
}

}  // namespace
}  // namespace pare
