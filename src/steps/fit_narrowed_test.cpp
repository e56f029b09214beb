#include "steps/fit_narrowed.h"

#include <gmock/gmock.h>

#include "engine/runner.h"
#include "testing/passes.h"

namespace pare {
namespace {

using testing::random_tensor;
using testing::run_reference;

// Mean square of what the outputs of the graph change by where these channels of its only group leave.
double change_without(Graph graph, std::vector<int64_t> channels, const Tensor& samples, bool fits) {
  const auto expected = run_reference(graph, 4, 16);
  const ChannelGroups groups = find_channel_groups(graph);
  EXPECT_EQ(groups.groups.size(), 1u);
  const std::vector<LeavingChannels> leaving{{0, std::move(channels)}};
  if (fits) {
    const auto fitted = fit_narrowed(graph, groups.groups, leaving, source_of({samples}), 1);
    EXPECT_TRUE(fitted) << fitted.error().to_string();
  }
  EXPECT_TRUE(remove_channels(graph, groups.groups, leaving));
  const auto got = run_reference(graph, 4, 16);
  double sum = 0;
  for (size_t i = 0; i < expected.size(); ++i)
    for (size_t k = 0; k < expected[i].size(); ++k) {
      const double change = got[i][k] - expected[i][k];
      sum += change * change / static_cast<double>(expected[i].size());
    }
  return sum;
}

// Two hidden channels of `src` depend on the others: 4 = 2 * 0 - 1 + 0.5, 5 = 2.
Value* dependent_layer(GraphBuilder& build, Value* src, Random& random) {
  Tensor weights = random_tensor({6, 1, 1, 3}, random), bias = random_tensor({6}, random);
  const auto w = weights.mutable_values<float>(), b = bias.mutable_values<float>();
  for (size_t i = 0; i < 3; ++i) {
    w[12 + i] = 2 * w[i] - w[3 + i];
    w[15 + i] = w[6 + i];
  }
  b[4] = 2 * b[0] - b[1] + 0.5f;
  b[5] = b[2];
  return build.op("conv_2d", {src, build.constant("a/w", weights), build.constant("a/b", bias)}, {}, "a");
}

// A product without a bias.
Value* dense_layer(GraphBuilder& build, Value* src, const std::string& name, Shape shape, Random& random) {
  return build.op("fully_connected", {src, build.constant(name + "/w", random_tensor(std::move(shape), random))}, {},
                  name);
}

// Leaving channels that others tell are hardly missed, by readers of pixels, of windows with borders and of all pixels at once.
TEST(FitNarrowed, WhatOthersTellIsHardlyMissed) {
  Random random(2);
  GraphBuilder build;
  const auto constant = [&](std::string name, Shape shape) {
    return build.constant(std::move(name), random_tensor(std::move(shape), random));
  };
  Value* a = dependent_layer(build, build.input("x", {kDynamic, 4, 4, 3}), random);
  Value* pointwise = build.op("conv_2d", {a, constant("p/w", {2, 1, 1, 6}), constant("p/b", {2})}, {}, "p");
  Value* windows = build.op("conv_2d", {a, constant("w/w", {2, 3, 3, 6}), constant("w/b", {2})}, {}, "w");
  Value* shape = build.constant("shape", Tensor::vector<int32_t>({-1, 96}));
  Value* flat = build.op("reshape", {a, shape}, {}, "flat");
  Value* dense = build.op("fully_connected", {flat, constant("d/w", {5, 96}), constant("d/b", {5})}, {}, "d");
  const Graph graph = build.finish({pointwise, windows, dense});
  const Tensor samples = random_tensor({512, 4, 4, 3}, random);
  EXPECT_LT(change_without(graph.clone(), {4, 5}, samples, true),
            0.01 * change_without(graph.clone(), {4, 5}, samples, false));
}

// Behind what is no longer linear channels can be told in part.
TEST(FitNarrowed, ComesCloserThanNothing) {
  Random random(5);
  GraphBuilder build;
  const auto dense = [&](Value* src, std::string name, Shape shape) {
    const Tensor bias = random_tensor({shape[0]}, random);
    return build.op(
        "fully_connected",
        {src, build.constant(name + "/w", random_tensor(std::move(shape), random)), build.constant(name + "/b", bias)},
        {}, name);
  };
  Value* hidden = build.op("relu", {dense(build.input("x", {kDynamic, 4}), "a", {12, 4})}, {}, "r");
  const Graph graph = build.finish({dense(hidden, "b", {3, 12})});
  const Tensor samples = random_tensor({256, 4}, random, -2, 2);
  EXPECT_LT(change_without(graph.clone(), {1, 4, 7, 10}, samples, true),
            0.3 * change_without(graph.clone(), {1, 4, 7, 10}, samples, false));
}

// What one side of an addition loses, the other gives where it sees enough.
TEST(FitNarrowed, MakesUpForTheOtherSideOfAnAddition) {
  Random random(8);
  GraphBuilder build;
  Value* x = build.input("x", {kDynamic, 8});
  Value* wide = dense_layer(build, x, "a", {6, 8}, random);
  Value* narrowed = dense_layer(build, wide, "b", {3, 6}, random);
  const Graph graph = build.finish({build.op("add", {narrowed, dense_layer(build, x, "c", {3, 8}, random)})});
  const Tensor samples = random_tensor({256, 8}, random);
  EXPECT_LT(change_without(graph.clone(), {1, 4}, samples, true),
            0.01 * change_without(graph.clone(), {1, 4}, samples, false));
}

// What leaves early is made up for by layers behind those that read it, too: the second sees another input, and is fitted to that.
TEST(FitNarrowed, LayersBehindFollow) {
  Random random(7);
  GraphBuilder build;
  Value* x = build.input("x", {kDynamic, 8});
  Value* a = dense_layer(build, x, "a", {6, 8}, random);
  Value* b = dense_layer(build, a, "b", {5, 6}, random);
  const Graph graph = build.finish({dense_layer(build, b, "c", {3, 5}, random)});
  Graph fitted = graph.clone();
  const ChannelGroups groups = find_channel_groups(fitted);
  ASSERT_EQ(groups.groups.size(), 2u);
  ASSERT_EQ(groups.groups[0].layer, "a");
  ASSERT_TRUE(fit_narrowed(fitted, groups.groups, {{0, {2, 3}}}, source_of({random_tensor({256, 8}, random)}), 1));
  const auto change = [&](const char* name) {
    const auto was = graph.find_value(name)->data->values<float>(), is = fitted.find_value(name)->data->values<float>();
    float largest = 0;
    for (size_t i = 0; i < was.size(); ++i) largest = std::max(largest, std::abs(is[i] - was[i]));
    return largest;
  };
  EXPECT_GT(change("b/w"), 0.01f);
  EXPECT_GT(change("c/w"), 0.01f);
}

}  // namespace
}  // namespace pare
