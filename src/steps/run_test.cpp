#include "steps/run.h"

#include <gmock/gmock.h>

#include "testing/graphs.h"

namespace pare {
namespace {

using ::testing::HasSubstr;
using testing::model_of;

Model relu_model() { return model_of("graph (%x: f32[?, 2]) { %h = relu(%x) %y = relu(%h) return %y }"); }

std::string error_of(const Model& model, const std::vector<NamedTensor>& inputs, const RunOptions& options = {}) {
  auto result = run_model(model, inputs, options);
  return result ? "no error" : result.error().to_string();
}

const Tensor kThree = Tensor::of<float>({3, 2}, {-1, 2, 3, -4, 5, 6});
const Tensor kThreeRelu = Tensor::of<float>({3, 2}, {0, 2, 3, 0, 5, 6});

TEST(RunModel, AnyBatchForASymbolicOne) {
  const Model model = relu_model();
  for (const int64_t batch : {0, 1, 2}) {
    auto result = run_model(model, {{"", kThree}}, {.batch = batch});
    ASSERT_TRUE(result) << result.error().to_string();
    ASSERT_EQ(result->outputs.size(), 1u);
    EXPECT_EQ(result->outputs[0].name, "y");
    EXPECT_EQ(result->outputs[0].tensor, kThreeRelu);
  }
}

TEST(RunModel, AFixedBatchRunsRepeatedly) {
  const Model model = model_of("graph (%x: f32[1, 2]) { %y = relu(%x) return %y }");
  auto result = run_model(model, {{"x", kThree}}, {});
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(result->outputs[0].tensor, kThreeRelu);
  EXPECT_THAT(error_of(model, {{"x", kThree}}, {.keep_tensors = true}),
              HasSubstr("3 samples at once for a model of fixed batch 1"));
}

TEST(RunModel, ArraysOfTheShapesInTheFileRunAsTheyAre) {
  const Model model = model_of("graph (%a: f32[3, 2], %b: f32[1, 2]) { %y = relu(%a) %z = relu(%b) return %y, %z }");
  auto result = run_model(model, {{"a", kThree}, {"b", Tensor(DType::Float32, {1, 2})}}, {});
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(result->outputs[0].tensor, kThreeRelu);
  EXPECT_EQ(result->outputs[1].tensor.shape(), (Shape{1, 2}));
}

TEST(RunModel, AFirstExtentThatIsNoBatchRunsAtOnce) {
  const Model model =
      model_of("graph (%x: f32[?, 1, 2]) { %c = constant f32[2, 1, 1] (1, 2) %y = add(%x, %c) return %y }");
  auto result = run_model(model, {{"x", Tensor::of<float>({2, 1, 2}, {1, 2, 3, 4})}}, {});
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(result->outputs[0].tensor, Tensor::of<float>({2, 1, 2}, {2, 3, 5, 6}));
}

TEST(RunModel, KeepsTensorsUnderTheirPositions) {
  const Model model = relu_model();
  auto result = run_model(model, {{"x", kThree}}, {.keep_tensors = true});
  ASSERT_TRUE(result) << result.error().to_string();
  ASSERT_EQ(result->tensors.size(), 2u);
  EXPECT_EQ(result->tensors[0].name, "1:h");
  EXPECT_EQ(result->tensors[0].tensor, kThreeRelu);
  EXPECT_EQ(result->tensors[1].name, "2:y");
}

TEST(RunModel, SignaturesGiveNames) {
  Model model = relu_model();
  model.signatures.push_back(
      {"serving_default", 0, {{"features", model.main().inputs[0]}}, {{"scores", model.main().outputs[0]}}});
  for (const std::string signature : {"serving_default", ""}) {
    auto result = run_model(model, {{"features", kThree}}, {.signature = signature});
    ASSERT_TRUE(result) << result.error().to_string();
    EXPECT_EQ(result->outputs[0].name, "scores");
  }
  EXPECT_THAT(error_of(model, {{"x", kThree}}, {.signature = "other"}),
              HasSubstr("there is no signature 'other'; the model has serving_default"));
}

TEST(RunModel, RefusesWrongArrays) {
  const Model model = relu_model();
  EXPECT_THAT(error_of(model, {{"x", Tensor(DType::Float32, {3, 4})}}),
              HasSubstr("the array for input 'x' is f32[3, 4], the model takes f32[?, 2]"));
  EXPECT_THAT(error_of(model, {{"x", Tensor(DType::Float64, {3, 2})}}),
              HasSubstr("is f64[3, 2], the model takes f32[?, 2]"));
  EXPECT_THAT(error_of(model, {{"z", kThree}}),
              HasSubstr("there is no array for the input 'x' among z; the model takes x"));
  EXPECT_THAT(error_of(model, {{"x", kThree}, {"z", kThree}}), HasSubstr("the array 'z' belongs to no input"));
  EXPECT_THAT(error_of(model_of("graph (%x: f32[2, 2]) { %y = relu(%x) return %y }"), {{"x", kThree}}),
              HasSubstr("is f32[3, 2], the model takes f32[2, 2]"));
}

TEST(RunModel, InputsHaveAsManySamples) {
  const Model model = model_of("graph (%a: f32[?, 2], %b: f32[?, 2]) { %y = relu(%a) %z = relu(%b) return %y, %z }");
  EXPECT_THAT(error_of(model, {{"a", kThree}, {"b", Tensor(DType::Float32, {2, 2})}}),
              HasSubstr("2 samples for input 'b', 3 for 'a'"));
}

}  // namespace
}  // namespace pare
