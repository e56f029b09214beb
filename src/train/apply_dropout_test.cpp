#include "train/apply_dropout.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>

#include "ops/dropout.h"
#include "testing/graphs.h"
#include "testing/operators.h"
#include "train/trainer.h"

namespace pare {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::model_of;
using testing::parsed;
using testing::result_of;

std::vector<float> mask(int32_t step, RandomMaskAttributes attributes) {
  const Tensor made = result_of("random_mask", {Tensor::vector<int32_t>({step})}, attributes);
  return {made.values<float>().begin(), made.values<float>().end()};
}

TEST(RandomMask, DropsItsShareAndKeepsTheMean) {
  const std::vector<float> values = mask(3, {.shape = {100, 1000}, .rate = 0.2f, .seed = 7});
  for (const float value : values) ASSERT_TRUE(value == 0 || value == 1.25f);
  EXPECT_NEAR(std::accumulate(values.begin(), values.end(), 0.) / 100'000, 1, 0.01);
  // No run of the elements is special.
  EXPECT_NEAR(std::accumulate(values.begin(), values.begin() + 5000, 0.) / 5000, 1, 0.05);
}

TEST(RandomMask, HangsOnSeedAndStepAlone) {
  const RandomMaskAttributes attributes{.shape = {64}, .rate = 0.5f, .seed = 7};
  RandomMaskAttributes other = attributes;
  other.seed = 8;
  EXPECT_EQ(mask(3, attributes), mask(3, attributes));
  EXPECT_NE(mask(3, attributes), mask(4, attributes));
  EXPECT_NE(mask(3, attributes), mask(3, other));
}

TEST(RandomMask, RefusesWhatIsNoMask) {
  const auto refused = [](Tensor step, RandomMaskAttributes attributes) {
    return testing::inferred_of("random_mask", {std::move(step)}, attributes);
  };
  const Tensor step = Tensor::vector<int32_t>({1});
  EXPECT_THAT(refused(step, {.shape = {2}, .rate = 1}), HasSubstr("the rate is 1, a number from 0 to below 1"));
  EXPECT_THAT(refused(step, {.shape = {-1}}), HasSubstr("known extents were expected"));
  EXPECT_THAT(refused(Tensor::vector<float>({1}), {.shape = {2}}), HasSubstr("'step' is f32[1], i32[1] was expected"));
}

TEST(Dropout, DoesNothingOutsideTraining) {
  const Tensor src = Tensor::vector<float>({1, -2, 3});
  EXPECT_TRUE(result_of("dropout", {src}, DropoutAttributes{.rate = 0.9f}) == src);
}

TEST(ApplyDropout, MultipliesByMasksOfTheirOwn) {
  Graph graph = parsed(R"(graph (%x: f32[2, 3, 3, 4]) {
    %a = dropout(%x) {rate = 0.25}
    %b = dropout(%a) {rate = 0.25, per_channel = true}
    return %b
  })");
  Value* step = graph.add_input("step", {DType::Int32, Shape{1}, {}});
  ASSERT_TRUE(apply_dropout(graph, step, 1));
  EXPECT_THAT(testing::ops_of(graph), ElementsAre("random_mask", "mul", "random_mask", "mul"));
  const auto& first = graph.nodes()[0]->attrs<RandomMaskAttributes>();
  const auto& second = graph.nodes()[2]->attrs<RandomMaskAttributes>();
  EXPECT_THAT(first.shape, ElementsAre(2, 3, 3, 4));
  EXPECT_THAT(second.shape, ElementsAre(2, 1, 1, 4));
  EXPECT_NE(first.seed, second.seed);
  EXPECT_EQ(graph.outputs[0]->name, "b");
}

TEST(ApplyDropout, IsLeftOutWhereAskedFor) {
  Random random(1);
  GraphBuilder build;
  Value* dropped = build.op("dropout", {build.input("x", {kDynamic, 5})}, DropoutAttributes{.rate = 0.5f});
  Value* weights = build.constant("w", testing::random_tensor({3, 5}, random));
  const Graph network = build.finish({build.op("fully_connected", {dropped, weights})});
  for (const bool dropout : {false, true}) {
    const auto step = make_training_graph(network, {.batch = 2, .loss = {.loss = Loss::Mse}, .dropout = dropout});
    ASSERT_TRUE(step) << step.error().to_string();
    const auto masks =
        std::ranges::count_if(step->graph.nodes(), [](const auto& node) { return node->is("random_mask"); });
    EXPECT_EQ(masks, dropout ? 1 : 0);
  }
}

// The loss is the mean of the kept values of x * w; only steps change what is kept.
TEST(ApplyDropout, TrainsWithOtherMasksInEachStep) {
  GraphBuilder build;
  Value* x = build.input("x", {kDynamic, 50});
  Value* dropped = build.op("dropout", {x}, DropoutAttributes{.rate = 0.5f});
  Tensor ones(DType::Float32, {1, 50});
  for (float& each : ones.mutable_values<float>()) each = 1;
  const Graph network = build.finish({build.op("fully_connected", {dropped, build.constant("w", ones)})});
  const auto losses = [&](uint64_t seed, int64_t over = 0) {
    auto trainer = Trainer::create(network, {.batch = 4, .loss = {.loss = Loss::Mae}, .seed = seed}, 1);
    const std::vector<Tensor> state(trainer->state().begin(), trainer->state().end());
    EXPECT_TRUE(trainer->restore(state, over));
    Tensor sample(DType::Float32, {4, 50}), zeros(DType::Float32, {4, 1}), weights(DType::Float32, {4});
    for (float& each : sample.mutable_values<float>()) each = 1;
    for (float& each : weights.mutable_values<float>()) each = 1;
    std::vector<float> all;
    for (int64_t step = over; step < 3; ++step) all.push_back(*trainer->step({{sample}, zeros, weights}, 0));
    return all;
  };
  const std::vector<float> first = losses(1);
  for (const float loss : first) EXPECT_NEAR(loss, 50, 15);
  EXPECT_FALSE(first[0] == first[1] && first[1] == first[2]);
  EXPECT_EQ(losses(1), first);
  EXPECT_NE(losses(2), first);
  EXPECT_EQ(losses(1, 2)[0], first[2]);  // taken up again after two steps
}

}  // namespace
}  // namespace pare
