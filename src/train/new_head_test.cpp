#include "train/new_head.h"

#include <gmock/gmock.h>

#include "testing/graphs.h"

namespace pare {
namespace {

using ::testing::HasSubstr;
using testing::model_of;
using testing::ops_of;

std::string error_of(Model model, int64_t classes = 3) {
  const auto made = put_new_head(model, classes, 1);
  return made ? "no error" : made.error().message;
}

TEST(PutNewHead, ReplacesADenseClassifier) {
  Model model = model_of(testing::small_classifier());
  const Tensor conv = *model.main().find_value("w")->data;
  const auto made = put_new_head(model, 3, 1);
  ASSERT_TRUE(made) << made.error().to_string();
  EXPECT_EQ(made->name, "dense");
  EXPECT_EQ(made->classes_before, 10);
  EXPECT_EQ(model.main().outputs[0]->type.shape, (Shape{kDynamic, 3}));
  EXPECT_EQ(model.main().find_value("dense_w")->type.shape, (Shape{3, 256}));
  EXPECT_TRUE(*model.main().find_value("w")->data == conv);
  // Weights follow from the seed, and are not all alike.
  Model other = model_of(testing::small_classifier()), again = model_of(testing::small_classifier());
  ASSERT_TRUE(put_new_head(again, 3, 1) && put_new_head(other, 3, 2));
  const auto weights = [](const Model& of) { return *of.main().find_value("dense_w")->data; };
  EXPECT_TRUE(weights(model) == weights(again));
  EXPECT_FALSE(weights(model) == weights(other));
  EXPECT_NE(weights(model).values<float>()[0], weights(model).values<float>()[1]);
}

// As MobileNets are written: a 1x1 convolution, reshaped. The shape is shared with another operator, whose stays.
TEST(PutNewHead, ReplacesAConvolutionAndWhatIsReshapedBehind) {
  Random random(1);
  GraphBuilder build;
  Value* x = build.input("x", {kDynamic, 1, 1, 4});
  Value* shape = build.constant("shape", Tensor::vector<int32_t>({-1, 4}));
  Value* before = build.op(
      "reshape", {build.op("reshape", {x, shape}), build.constant("back", Tensor::vector<int32_t>({-1, 1, 1, 4}))});
  Value* conv = build.op("conv_2d", {before, build.constant("w", testing::random_tensor({4, 1, 1, 4}, random)),
                                     build.constant("b", testing::random_tensor({4}, random))});
  Model model = model_of(build.finish({build.op("softmax", {build.op("reshape", {conv, shape})}, {}, "y")}));
  const auto made = put_new_head(model, 7, 1);
  ASSERT_TRUE(made) << made.error().to_string();
  EXPECT_EQ(model.main().outputs[0]->type.shape, (Shape{kDynamic, 7}));
  EXPECT_TRUE(*model.main().find_value("shape")->data == Tensor::vector<int32_t>({-1, 4}));
  EXPECT_TRUE(*model.main().find_value("b")->data == Tensor(DType::Float32, {7}));
}

TEST(PutNewHead, ASigmoidOfOneOutputBecomesASoftmax) {
  const std::string_view text =
      "graph (%x: f32[?, 2]) { %w = constant f32[1, 2] (1, 2) %l = fully_connected(%x, %w, none) %y = logistic(%l) return %y }";
  Model model = model_of(text);
  ASSERT_TRUE(put_new_head(model, 3, 1));
  EXPECT_THAT(ops_of(model.main()), ::testing::ElementsAre("fully_connected", "softmax"));
  EXPECT_EQ(model.main().outputs[0]->name, "y");
  Model one = model_of(text);
  ASSERT_TRUE(put_new_head(one, 1, 1));
  EXPECT_THAT(ops_of(one.main()), ::testing::ElementsAre("fully_connected", "logistic"));
}

TEST(PutNewHead, SaysWhatStandsInItsWay) {
  EXPECT_THAT(error_of(model_of(testing::small_classifier()), 1), HasSubstr("a softmax over one class is always 1"));
  EXPECT_THAT(error_of(model_of("graph (%x: f32[?, 3]) { %y = softmax(%x) return %y }")),
              HasSubstr("no classifier at its end"));
  EXPECT_THAT(error_of(model_of("graph (%x: f32[?, 3]) { %y = abs(%x) return %y }")), HasSubstr("found abs 'y'"));
  EXPECT_THAT(error_of(model_of("graph (%x: f32[?, 3]) { %y = relu(%x) return %y, %x }")), HasSubstr("has 2 outputs"));
  EXPECT_THAT(
      error_of(model_of("graph (%x: f32[?, 2], %w: f32[2, 2]) { %y = fully_connected(%x, %w, none) return %y }")),
      HasSubstr("has no constant float weights"));
  GraphBuilder build;
  Value* x = build.input("x", {kDynamic, 2});
  Value* w = build.constant("w", Tensor(DType::Float32, {2, 2}));
  Value* first = build.op("fully_connected", {x, w});
  Model shared = model_of(build.finish({build.op("fully_connected", {first, w})}));
  EXPECT_THAT(error_of(std::move(shared)), HasSubstr("'w' belongs to several operators"));
  GraphBuilder twice;
  Value* y = twice.op("fully_connected",
                      {twice.input("x", {kDynamic, 2}), twice.constant("w", Tensor(DType::Float32, {2, 2}))}, {}, "y");
  Model read_twice = model_of(twice.finish({twice.op("softmax", {twice.op("reshape", {y, twice.op("shape", {y})})})}));
  EXPECT_THAT(error_of(std::move(read_twice)), HasSubstr("several operators read the result of fully_connected 'y'"));
}

}  // namespace
}  // namespace pare
