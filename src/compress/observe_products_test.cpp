#include "compress/observe_products.h"

#include <gmock/gmock.h>

#include "compress/layer_removals.h"
#include "engine/runner.h"
#include "ops/conv_2d.h"
#include "ops/transpose_conv.h"
#include "testing/graphs.h"

namespace pare {
namespace {

using ::testing::HasSubstr;
using testing::random_tensor;

// The moments of a layer must give the mean square of what the operator computes, without its bias.
void expect_power_of(std::string_view op, std::vector<Value*> operands, const Attributes& attributes, size_t weights,
                     GraphBuilder& build, const Tensor& samples) {
  Value* y = build.op(op, std::move(operands), attributes, "y");
  const Graph graph = build.finish({y});
  const Node& node = *graph.find_value("y")->producer;
  const int axis = node.op().quantization.weights_axis;
  const RowMatrix rows = rows_of(*node.operand(weights)->data, axis);
  const auto grams = observe_products(graph, nullptr, {{{&node}, all_columns(rows.cols())}}, source_of({samples}),
                                      {.threads = 2, .windows = 1'000'000});
  ASSERT_TRUE(grams) << grams.error().to_string();
  auto runner = Runner::create(graph, {});
  const auto outputs = runner->outputs(source_of({samples}));
  double sum = 0;
  for (const float each : (*outputs)[0].values<float>()) sum += static_cast<double>(each) * each;
  const double windows = static_cast<double>((*outputs)[0].elements()) / static_cast<double>(rows.rows());
  EXPECT_EQ((*grams)[0].windows(), static_cast<int64_t>(windows));
  EXPECT_NEAR(output_power((*grams)[0], rows, false), sum / windows, 1e-4 * sum / windows);
}

TEST(ObserveProducts, SeesWhatConvolutionsMultiply) {
  Random random(1);
  const Tensor samples = random_tensor({5, 7, 6, 4}, random);
  for (const Padding padding : {Padding::Same, Padding::Valid})
    for (const auto& [op, shape] : {std::pair{"conv_2d", Shape{6, 3, 2, 4}},
                                    {"conv_2d", Shape{6, 3, 3, 2}},
                                    {"depthwise_conv_2d", Shape{1, 3, 3, 8}}}) {
      GraphBuilder build;
      Value* x = build.input("x", {kDynamic, 7, 6, 4});
      Value* w = build.constant("w", random_tensor(shape, random));
      expect_power_of(op, {x, w}, Conv2dAttributes{.padding = padding, .stride_h = 2, .dilation_w = 2}, 1, build,
                      samples);
    }
}

TEST(ObserveProducts, SeesWhatDenseLayersMultiply) {
  Random random(1);
  GraphBuilder build;
  Value* x = build.input("x", {kDynamic, 3, 4});
  expect_power_of("fully_connected", {x, build.constant("w", random_tensor({5, 12}, random))},
                  find_op("fully_connected")->attributes, 1, build, random_tensor({9, 3, 4}, random));
}

TEST(ObserveProducts, SeesWhatTransposedConvolutionsMultiply) {
  Random random(1);
  for (const Padding padding : {Padding::Same, Padding::Valid}) {
    GraphBuilder build;
    Value* x = build.input("x", {kDynamic, 4, 3, 2});
    const int32_t extents[] = {padding == Padding::Same ? 7 : 9, padding == Padding::Same ? 6 : 7};
    Value* shape = build.constant("shape", Tensor::vector<int32_t>({1, extents[0], extents[1], 3}));
    expect_power_of("transpose_conv", {shape, build.constant("w", random_tensor({3, 3, 3, 2}, random)), x},
                    TransposeConvAttributes{.padding = padding, .stride_h = 2, .stride_w = 2}, 1, build,
                    random_tensor({5, 4, 3, 2}, random));
  }
}

TEST(ObserveProducts, WindowsAreASubsetWhereThereAreMany) {
  Random random(1);
  GraphBuilder build;
  Value* x = build.input("x", {kDynamic, 20, 20, 1});
  Value* y = build.op("conv_2d", {x, build.constant("w", random_tensor({2, 1, 1, 1}, random))}, {}, "y");
  const Graph graph = build.finish({y});
  const auto grams =
      observe_products(graph, nullptr, {{{graph.find_value("y")->producer}, all_columns(1)}},
                       source_of({random_tensor({10, 20, 20, 1}, random)}), {.windows_a_column = 0, .windows = 500});
  EXPECT_EQ((*grams)[0].windows(), 500);
  EXPECT_EQ((*grams)[0].positions(), 4000);
  EXPECT_NEAR((*grams)[0].moments(0, 0, false)(0, 0), 1.0 / 3, 0.05);  // of numbers from -1 to 1
}

TEST(ObserveProducts, WantsWhatTheReferenceMakesOfItsWindows) {
  Graph reference = testing::small_classifier(), graph = reference.clone();
  for (float& each : graph.find_value("w")->data->mutable_values<float>()) each *= 2;
  for (float& each : graph.find_value("b")->data->mutable_values<float>()) each *= 2;
  Random random(2);
  const Node& dense = *graph.find_value("dense")->producer;
  const RowMatrix weights = rows_of(*dense.operand(1)->data, 0);
  const auto grams = observe_products(graph, &reference, {{{&dense}, all_columns(256), weights}},
                                      source_of({random_tensor({20, 8, 8, 3}, random)}), {.threads = 2});
  ASSERT_TRUE(grams) << grams.error().to_string();
  const Gram& gram = (*grams)[0];
  const RowMatrix targets = gram.targets(0, 0, false), moments = gram.moments(0, 0, false);
  EXPECT_LT((weights * moments - 2 * targets).norm(), 1e-5 * targets.norm());
  // The same weights are off by as much as they are to give; half of them are right.
  const double power = output_power(gram, weights, false);
  EXPECT_NEAR(output_error(gram, weights, weights, power, false), power, 1e-4 * power);
  EXPECT_NEAR(output_error(gram, weights, weights / 2, power, false), 0, 1e-4 * power);
}

// What is added to a layer has become nothing: the layer is to give that, too.
TEST(ObserveProducts, WantsWhatAnAdditionHasLost) {
  GraphBuilder build;
  Random random(4);
  Value* x = build.input("x", {kDynamic, 3, 3, 4});
  const Tensor a = random_tensor({5, 1, 1, 4}, random), b = random_tensor({5, 1, 1, 4}, random);
  Value* skip = build.op("conv_2d", {x, build.constant("a", a)}, {}, "skip");
  Value* y = build.op("conv_2d", {x, build.constant("b", b)}, {}, "y");
  const Graph reference = build.finish({build.op("add", {y, skip}, {}, "sum")});
  Graph graph = reference.clone();
  std::ranges::fill(graph.find_value("a")->data->mutable_values<float>(), 0.f);
  const std::vector<float> factors{1, 2, 3, 0, -1};
  const RowMatrix weights = rows_of(b, 0);
  const auto grams = observe_products(graph, &reference,
                                      {{{graph.find_value("y")->producer}, all_columns(4), weights, "skip", factors}},
                                      source_of({random_tensor({20, 3, 3, 4}, random)}), {.threads = 2});
  ASSERT_TRUE(grams) << grams.error().to_string();
  RowMatrix lost = rows_of(a, 0);
  for (Eigen::Index row = 0; row < lost.rows(); ++row) lost.row(row) *= factors[static_cast<size_t>(row)];
  const Gram& gram = (*grams)[0];
  const RowMatrix expected = (weights + lost) * gram.moments(0, 0, true);
  EXPECT_LT((gram.targets(0, 0, true) - expected).norm(), 1e-5 * expected.norm());
  const RowMatrix fitted = fit_layer(gram, weights, RowMatrix::Ones(5, 4), 1, {.damping = 1e-9});
  EXPECT_LT((fitted - weights - lost).norm(), 1e-4 * fitted.norm());
  for (const double shift : mean_shift(gram, weights, fitted)) EXPECT_NEAR(shift, 0, 1e-5);
}

TEST(ObserveProducts, WhatHasNoProductRuleComesBackUnseen) {
  Graph graph = testing::small_classifier();
  const auto grams = observe_products(graph, nullptr, {{{graph.find_value("pool")->producer}, all_columns(3)}},
                                      source_of({Tensor(DType::Float32, {4, 8, 8, 3})}), {});
  EXPECT_EQ((*grams)[0].windows(), 0);
}

TEST(ObserveProducts, NamesTheTensorThatIsNotFinite) {
  Graph graph = testing::small_classifier();
  Tensor samples(DType::Float32, {2, 8, 8, 3});
  samples.mutable_values<float>()[5] = std::numeric_limits<float>::quiet_NaN();
  const auto grams = observe_products(graph, nullptr, {{{graph.find_value("conv")->producer}, all_columns(27)}},
                                      source_of({samples}), {});
  ASSERT_FALSE(grams);
  EXPECT_THAT(grams.error().message, HasSubstr("'x' has values that are NaN or infinite"));
}

TEST(ObserveProducts, NeedsSamples) {
  Graph graph = testing::small_classifier();
  const auto grams = observe_products(graph, nullptr, {}, source_of({}), {});
  ASSERT_FALSE(grams);
  EXPECT_THAT(grams.error().message, HasSubstr("no calibration samples"));
}

}  // namespace
}  // namespace pare
