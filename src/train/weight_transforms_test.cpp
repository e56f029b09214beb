#include "train/weight_transforms.h"

#include <gmock/gmock.h>

#include "ops/cluster_weights.h"
#include "ops/fake_quantize.h"
#include "testing/graphs.h"
#include "train/fake_quantization.h"
#include "train/trainer.h"

namespace pare {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<float> floats(const Tensor& tensor) {
  return {tensor.values<float>().begin(), tensor.values<float>().end()};
}

// One dense layer of two inputs and two classes.
Graph dense() {
  GraphBuilder build;
  Value* x = build.input("x", {kDynamic, 2});
  Value* w = build.constant("w", Tensor::of<float>({2, 2}, {0.3f, 0.9f, -0.6f, 0.2f}));
  return build.finish({build.op("fully_connected", {x, w, nullptr}, {}, "y")});
}

Expected<Node*> insert_mask(Graph& graph, const Tensor& mask) {
  Value* constant = graph.add_constant("w/mask", mask);
  return insert_weight_transform(graph, *graph.nodes().back(), 1, "mask_weights", NoAttributes{}, {constant},
                                 "w/masked");
}

Expected<Node*> insert_rounding(Graph& graph) {
  Value* scale = graph.add_constant("w/log2_scale", Tensor::vector<float>({-1}));
  return insert_weight_transform(graph, *graph.nodes().back(), 1, "fake_quantize",
                                 FakeQuantizeAttributes{.bits = 4, .symmetric = true, .step = StepRule::Learned},
                                 {scale}, "w/rounded");
}

const Tensor kMask = Tensor::of<float>({2, 2}, {1, 0, 1, 1});

// Plain descent at the rate 1 on one sample of the first class, whose inputs are 1 and 2.
void train_one_step(Graph& graph) {
  auto trainer = Trainer::create(graph, {.batch = 1, .optimizer = {.optimizer = Optimizer::Sgd, .momentum = 0}}, 1);
  ASSERT_TRUE(trainer) << trainer.error().to_string();
  ASSERT_TRUE(trainer->step({.inputs = {Tensor::of<float>({1, 2}, {1, 2})},
                             .targets = Tensor::vector<int32_t>({0}),
                             .weights = Tensor::vector<float>({1})},
                            1));
  trainer->store_into(graph);
}

TEST(WeightTransforms, StandInTheirOrderHoweverTheyCame) {
  for (const bool mask_first : {true, false}) {
    Graph graph = dense();
    if (mask_first) { ASSERT_TRUE(insert_mask(graph, kMask)); }
    ASSERT_TRUE(insert_rounding(graph));
    if (!mask_first) { ASSERT_TRUE(insert_mask(graph, kMask)); }
    EXPECT_THAT(testing::ops_of(graph), ElementsAre("mask_weights", "fake_quantize", "fully_connected"));
    const Value* used = graph.nodes().back()->operand(1);
    EXPECT_EQ(used->name, "w/rounded");
    EXPECT_EQ(untransformed(used), graph.find_value("w"));
    EXPECT_THAT(floats(*transformed(*used)), ElementsAre(0.5f, 0, -0.5f, 0));
    EXPECT_EQ(learned_constant(*graph.nodes().back(), 1), graph.find_value("w"));
  }
}

TEST(WeightTransforms, CentroidsLearnForTheirWeights) {
  for (const CentroidGradient rule : {CentroidGradient::Sum, CentroidGradient::Mean}) {
    Graph graph = dense();
    Value* centroids = graph.add_constant("w/centroids", Tensor::vector<float>({-0.5f, 0.25f}));
    Value* codes = graph.add_constant("w/codes", Tensor::of<int32_t>({2, 2}, {1, 1, 0, 1}));
    ASSERT_TRUE(insert_rounding(graph));
    ASSERT_TRUE(insert_weight_transform(graph, *graph.nodes().back(), 1, "cluster_weights",
                                        ClusterWeightsAttributes{rule}, {centroids, codes}, "w/clustered"));
    ASSERT_TRUE(insert_mask(graph, kMask));
    EXPECT_THAT(testing::ops_of(graph),
                ElementsAre("mask_weights", "cluster_weights", "fake_quantize", "fully_connected"));
    EXPECT_THAT(floats(*transformed(*graph.find_value("w/clustered"))), ElementsAre(0.25f, 0.25f, -0.5f, 0.25f));
    // Scores 0.25 + 2 * 0.25 and -0.5 + 2 * 0.25, rounded to halves: 0.5 * 3 or less; the gradient of score i is p_i - y_i.
    ASSERT_NO_FATAL_FAILURE(train_one_step(graph));
    const std::vector<float> moved = floats(*graph.find_value("w/centroids")->data);
    const float g = moved[0] + 0.5f;  // centroid 0 has one weight, whose input is 1
    EXPECT_LT(g, 0) << "the score of the wrong class falls";
    // Centroid 1: inputs 1 and 2 of the right class, 2 of the wrong one.
    EXPECT_NEAR(moved[1] - 0.25f, (-g - 2 * g + 2 * g) / (rule == CentroidGradient::Mean ? 3 : 1), 1e-6);
    EXPECT_NE(graph.find_value("w")->data->values<float>()[0], 0.3f) << "straight through";
  }
}

TEST(WeightTransforms, CentroidsOfScaledChannels) {
  Graph graph = dense();
  Value* centroids = graph.add_constant("w/centroids", Tensor::vector<float>({-1, 1}));
  Value* codes = graph.add_constant("w/codes", Tensor::of<int32_t>({2, 2}, {1, -1, 0, 1}));
  Value* scales = graph.add_constant("w/scales", Tensor::vector<float>({0.5f, -2}));
  ASSERT_TRUE(insert_weight_transform(graph, *graph.nodes().back(), 1, "cluster_weights", ClusterWeightsAttributes{},
                                      {centroids, codes, scales}, "w/clustered"));
  EXPECT_THAT(floats(*transformed(*graph.find_value("w/clustered"))), ElementsAre(0.5f, 0, 2, -2));
  ASSERT_NO_FATAL_FAILURE(train_one_step(graph));
  const std::vector<float> moved = floats(*graph.find_value("w/centroids")->data);
  // The gradient of score i is p_i - y_i = +-g: centroid 0 has -2 times that of input 1 in score 1, centroid 1 half of that of input 1 in
  // score 0 and -2 times that of input 2 in score 1.
  const float g = (moved[0] + 1) / 2;
  EXPECT_GT(g, 0);
  EXPECT_NEAR(moved[1] - 1, 0.5f * g + 4 * g, 1e-6);
}

TEST(WeightTransforms, OneOfAKind) {
  Graph graph = dense();
  ASSERT_TRUE(insert_mask(graph, kMask));
  EXPECT_THAT(insert_mask(graph, kMask).error().message, HasSubstr("the weights 'w' go through mask_weights already"));
}

TEST(WeightTransforms, MaskedWeightsStayZeroThroughTrainingAndRounding) {
  Graph graph = dense();
  ASSERT_TRUE(insert_mask(graph, kMask));
  ASSERT_TRUE(insert_rounding(graph));
  auto trainer = Trainer::create(graph, {.batch = 4}, 1);
  ASSERT_TRUE(trainer) << trainer.error().to_string();
  Random random(1);
  for (int step = 0; step < 20; ++step) {
    const Batch batch{.inputs = {testing::random_tensor({4, 2}, random)},
                      .targets = Tensor::vector<int32_t>({0, 1, 0, 1}),
                      .weights = Tensor::vector<float>({1, 1, 1, 1})};
    ASSERT_TRUE(trainer->step(batch, 0.05));
  }
  trainer->store_into(graph);
  EXPECT_NE(graph.find_value("w")->data->values<float>()[0], 0.3f);
  EXPECT_EQ(graph.find_value("w")->data->values<float>()[1], 0.9f) << "no gradient behind the mask";
  // What goes into a file.
  const auto learned = remove_fake_quantization(graph, {});
  ASSERT_TRUE(learned) << learned.error().message;
  EXPECT_THAT(testing::ops_of(graph), ElementsAre("fully_connected"));
  EXPECT_EQ(graph.nodes()[0]->operand(1)->data->values<float>()[1], 0);
}

}  // namespace
}  // namespace pare
