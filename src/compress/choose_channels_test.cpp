#include "compress/choose_channels.h"

#include <gmock/gmock.h>

#include <cmath>

#include "testing/graphs.h"

namespace pare {
namespace {

using ::testing::ElementsAre;

// 3 -> 8 -> 16 -> 2 channels on 4 x 4 pixels: 16 * (24 + 128 + 32) multiply-adds.
Graph chain() {
  Random random(1);
  GraphBuilder build;
  const auto conv = [&](Value* src, int64_t channels, const std::string& name) {
    Value* weights = build.constant(name + "/w", testing::random_tensor({channels, 1, 1, src->type.shape[3]}, random));
    return build.op("conv_2d", {src, weights, nullptr}, {}, name);
  };
  return build.finish({conv(conv(conv(build.input("x", {kDynamic, 4, 4, 3}), 8, "a"), 16, "b"), 2, "c")});
}

class ChooseChannels : public ::testing::Test {
 protected:
  Graph graph = chain();
  std::vector<ChannelGroup> groups = find_channel_groups(graph).groups;
  // The later the channel the more it matters; those of the second group ten times as much.
  std::vector<ChannelScores> scores{ChannelScores(8), ChannelScores(16)};

  void SetUp() override {
    for (size_t g = 0; g < 2; ++g)
      for (size_t c = 0; c < scores[g].size(); ++c) scores[g][c] = static_cast<double>(c + 1) * (g == 0 ? 1 : 10);
  }
  std::vector<int64_t> widths(const ChosenChannels& chosen) const {
    std::vector<int64_t> left{8, 16};
    for (const LeavingChannels& each : chosen.leaving) left[each.group] -= static_cast<int64_t>(each.channels.size());
    return left;
  }
};

TEST_F(ChooseChannels, CostsFollowWidths) {
  NarrowedCost cost(graph, groups);
  EXPECT_EQ(cost.total(ChannelCost::MultiplyAdds), 16 * (24 + 128 + 32));
  EXPECT_EQ(cost.total(ChannelCost::Weights), 24 + 128 + 32);
  EXPECT_EQ(cost.saved(0, 2, ChannelCost::MultiplyAdds), 16 * 2 * (3 + 16));
  cost.remove(1, 4);
  EXPECT_EQ(cost.total(ChannelCost::Weights), 24 + 96 + 24);
  EXPECT_EQ(cost.saved(0, 2, ChannelCost::Weights), 2 * (3 + 12));
}

TEST_F(ChooseChannels, NothingLeavesForAShareOfOne) {
  const ChosenChannels chosen = choose_channels(graph, groups, scores, {.limits = {{.share = 1}}, .multiple_of = 1});
  EXPECT_TRUE(chosen.leaving.empty());
  EXPECT_THAT(chosen.left, ElementsAre(1));
}

TEST_F(ChooseChannels, TheLeastScoreForItsCostLeavesFirst) {
  const ChosenChannels chosen = choose_channels(graph, groups, scores, {.limits = {{.share = 0.7}}, .multiple_of = 1});
  ASSERT_EQ(chosen.leaving.size(), 1u);
  EXPECT_EQ(chosen.leaving[0].group, 0u);
  EXPECT_THAT(chosen.leaving[0].channels, ElementsAre(0, 1, 2));
  EXPECT_LE(chosen.left[0], 0.7);
}

TEST_F(ChooseChannels, WidthsAreMultiples) {
  const ChosenChannels chosen = choose_channels(graph, groups, scores, {.limits = {{.share = 0.4}}, .multiple_of = 4});
  EXPECT_THAT(widths(chosen), ElementsAre(4, 8));
  EXPECT_LE(chosen.left[0], 0.4);
}

// The least step of all leaves first, and was not needed once a larger one had left.
TEST_F(ChooseChannels, WhatWasNotNeededComesBack) {
  scores = {ChannelScores(8, 0.1), ChannelScores(16, 1)};
  const ChosenChannels chosen = choose_channels(graph, groups, scores, {.limits = {{.share = 0.55}}, .multiple_of = 8});
  EXPECT_THAT(widths(chosen), ElementsAre(8, 8));
}

// Layers take 1 for each 8 channels that they make, so that up to 7 fewer save nothing.
TEST_F(ChooseChannels, WidthsGoToTheEndsOfTiles) {
  const OperatorTime by_tiles = [](const Node& node) { return std::ceil(double(node.result()->type.shape[-1]) / 8); };
  const ChannelChoice choice{.limits = {{ChannelCost::Latency, 0.75}}, .multiple_of = 2, .time = by_tiles};
  const ChosenChannels chosen = choose_channels(graph, groups, scores, choice);
  EXPECT_THAT(widths(chosen), ElementsAre(8, 8));
  EXPECT_THAT(chosen.left, ElementsAre(0.75));
}

// With times of what is read too, a group leaves down to an end of a tile and comes back as far as that costs nothing.
TEST_F(ChooseChannels, WidthsThatCostNothingComeBack) {
  const OperatorTime by_tiles = [](const Node& node) {
    const double read = static_cast<double>(node.operand(0)->type.shape[-1]);
    return std::ceil(read / 8) + std::ceil(static_cast<double>(node.result()->type.shape[-1]) / 8);
  };
  scores[1].assign(16, 0.001);
  const ChannelChoice choice{.limits = {{ChannelCost::Latency, 0.8}}, .multiple_of = 1, .time = by_tiles};
  const ChosenChannels chosen = choose_channels(graph, groups, scores, choice);
  EXPECT_THAT(widths(chosen), ElementsAre(8, 8));
}

TEST_F(ChooseChannels, LimitsHoldTogether) {
  const OperatorTime made = [](const Node& node) { return static_cast<double>(node.result()->type.shape[-1]); };
  const ChannelChoice choice{
      .limits = {{ChannelCost::Weights, 0.9}, {ChannelCost::Latency, 0.5}}, .multiple_of = 1, .time = made};
  const ChosenChannels chosen = choose_channels(graph, groups, scores, choice);
  ASSERT_EQ(chosen.left.size(), 2u);
  EXPECT_LE(chosen.left[0], 0.9);
  EXPECT_LE(chosen.left[1], 0.5);
  const ChannelChoice looser{.limits = {{ChannelCost::Weights, 0.9}}, .multiple_of = 1};
  EXPECT_GT(choose_channels(graph, groups, scores, looser).left[0], chosen.left[0]);
}

TEST_F(ChooseChannels, UniformKeepsShares) {
  const ChosenChannels chosen = choose_channels(
      graph, groups, scores, {.limits = {{.share = 0.4}}, .budget = ChannelBudget::Uniform, .multiple_of = 1});
  EXPECT_THAT(widths(chosen), ElementsAre(4, 10));
}

TEST_F(ChooseChannels, StopsWhereNoMoreCanLeave) {
  const ChosenChannels chosen = choose_channels(graph, groups, scores, {.limits = {{.share = 0.01}}, .multiple_of = 1});
  EXPECT_THAT(widths(chosen), ElementsAre(1, 1));
  EXPECT_THAT(chosen.left, ElementsAre(6 / 184.0));
  scores[1].clear();  // this group stays
  EXPECT_THAT(widths(choose_channels(graph, groups, scores, {.limits = {{.share = 0.01}}, .multiple_of = 1})),
              ElementsAre(1, 16));
}

TEST(WeightScores, NormsDistancesAndFactors) {
  GraphBuilder build;
  Value* x = build.input("x", {kDynamic, 2});
  Value* hidden =
      build.op("fully_connected", {x, build.constant("w", Tensor::of<float>({3, 2}, {3, 4, 0, 1, 3, 4})), nullptr}, {},
               "hidden");
  Value* none = build.constant("none", Tensor::vector<float>({0, 0, 0}));
  Value* bn = build.op("batch_normalization",
                       {hidden, build.constant("gamma", Tensor::vector<float>({-2, 1, 0})), nullptr, none,
                        build.constant("one", Tensor::vector<float>({1, 1, 1}))},
                       {}, "bn");
  Value* head =
      build.op("fully_connected", {bn, build.constant("v", Tensor::of<float>({1, 3}, {1, 1, 1})), nullptr}, {}, "y");
  const Graph graph = build.finish({head});
  const std::vector<ChannelGroup> groups = find_channel_groups(graph).groups;
  ASSERT_EQ(groups.size(), 1u);
  const auto near = [](std::vector<double> values) {
    std::vector<::testing::Matcher<double>> all;
    for (const double value : values) all.push_back(::testing::DoubleNear(value, 1e-6));
    return ::testing::ElementsAreArray(all);
  };
  // Norms 5, 1, 5 of what makes them and 1, 1, 1 of what reads them, each by their mean.
  EXPECT_THAT(weight_scores(groups[0], ChannelCriterion::L2),
              near({(15. / 11 + 1) / 2, (3. / 11 + 1) / 2, (15. / 11 + 1) / 2}));
  EXPECT_THAT(weight_scores(groups[0], ChannelCriterion::L1),
              near({(21. / 15 + 1) / 2, (3. / 15 + 1) / 2, (21. / 15 + 1) / 2}));
  // The first and the third are the same and replace each other.
  EXPECT_THAT(weight_scores(groups[0], ChannelCriterion::GeometricMedian), near({0.75, 1.5, 0.75}));
  EXPECT_THAT(weight_scores(groups[0], ChannelCriterion::BatchNormScale), near({2, 1, 0}));
}

}  // namespace
}  // namespace pare
