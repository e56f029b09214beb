#include "compress/refit.h"

#include <gmock/gmock.h>

#include "engine/runner.h"
#include "testing/passes.h"

namespace pare {
namespace {

using testing::random_tensor;
using testing::run_reference;

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

// Leaving channels that others tell exactly are not missed, by readers of pixels, of pooled channels and of all pixels at once.
TEST(Refit, WhatOthersTellIsNotMissed) {
  Random random(2);
  GraphBuilder build;
  const auto constant = [&](std::string name, Shape shape) {
    return build.constant(std::move(name), random_tensor(std::move(shape), random));
  };
  Value* a = dependent_layer(build, build.input("x", {kDynamic, 4, 4, 3}), random);
  Value* pointwise = build.op("conv_2d", {a, constant("p/w", {2, 1, 1, 6}), constant("p/b", {2})}, {}, "p");
  Value* shape = build.constant("shape", Tensor::vector<int32_t>({-1, 96}));
  Value* flat = build.op("reshape", {a, shape}, {}, "flat");
  Value* dense = build.op("fully_connected", {flat, constant("d/w", {5, 96}), constant("d/b", {5})}, {}, "d");
  Graph graph = build.finish({pointwise, dense});
  const auto expected = run_reference(graph, 4);

  const ChannelGroups groups = find_channel_groups(graph);
  ASSERT_EQ(groups.groups.size(), 1u);
  const std::vector<LeavingChannels> leaving{{0, {4, 5}}};
  const SampleSource samples = source_of({random_tensor({32, 4, 4, 3}, random)});
  const auto fitted = refit_readers(graph, groups.groups, leaving, samples, {.ridge = 1e-9});
  ASSERT_TRUE(fitted) << fitted.error().to_string();
  ASSERT_TRUE(remove_channels(graph, groups.groups, leaving));
  const auto got = run_reference(graph, 4);
  for (size_t i = 0; i < expected.size(); ++i)
    for (size_t k = 0; k < expected[i].size(); ++k) EXPECT_NEAR(got[i][k], expected[i][k], 2e-3) << i << " " << k;
}

// Errors are smaller than without the fit where channels can be told in part.
TEST(Refit, ComesCloserThanNothing) {
  const auto error_of = [](bool fits) {
    Random random(5);
    GraphBuilder build;
    const auto constant = [&](std::string name, Shape shape) {
      return build.constant(std::move(name), random_tensor(std::move(shape), random));
    };
    Value* hidden = build.op(
        "relu",
        {build.op("fully_connected", {build.input("x", {kDynamic, 4}), constant("a/w", {12, 4}), constant("a/b", {12})},
                  {}, "a")},
        {}, "r");
    Graph graph =
        build.finish({build.op("fully_connected", {hidden, constant("b/w", {3, 12}), constant("b/b", {3})}, {}, "b")});
    const auto expected = run_reference(graph, 4, 64);
    const ChannelGroups groups = find_channel_groups(graph);
    const std::vector<LeavingChannels> leaving{{0, {1, 4, 7, 10}}};
    if (fits) {
      EXPECT_TRUE(
          refit_readers(graph, groups.groups, leaving, source_of({random_tensor({256, 4}, random, -2, 2)}), {}));
    }
    EXPECT_TRUE(remove_channels(graph, groups.groups, leaving));
    const auto got = run_reference(graph, 4, 64);
    double sum = 0;
    for (size_t k = 0; k < got[0].size(); ++k) sum += (got[0][k] - expected[0][k]) * (got[0][k] - expected[0][k]);
    return sum;
  };
  EXPECT_LT(error_of(true), 0.3 * error_of(false));
}

}  // namespace
}  // namespace pare
