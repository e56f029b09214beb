#include "eval/latency.h"

#include <gmock/gmock.h>

#include <numeric>

#include "engine/program.h"
#include "eval/profile.h"
#include "ir/builder.h"

namespace pare {
namespace {

constexpr LatencyOptions kQuick{.warm_up = 1, .min_seconds = 0, .min_runs = 3};

Graph two_operators(Shape shape) {
  GraphBuilder build;
  Value* input = build.input("input", std::move(shape));
  return build.finish({build.op("relu", {build.op("softmax", {input}, {}, "curved")}, {}, "cut")});
}

TEST(Latency, PercentilesAreNearestRanks) {
  std::vector<double> times(100);
  std::iota(times.rbegin(), times.rend(), 1.0);
  const Latency latency = summarize_times(times);
  EXPECT_EQ(latency.runs, 100);
  EXPECT_EQ(latency.min, 1);
  EXPECT_EQ(latency.median, 50);
  EXPECT_EQ(latency.p90, 90);
  EXPECT_EQ(latency.p99, 99);
  EXPECT_EQ(latency.mean, 50.5);
  EXPECT_EQ(summarize_times({7}).p99, 7);
}

TEST(Latency, RunsAsOftenAsAsked) {
  int64_t calls = 0;
  const auto count = [&]() -> Expected<void> { return ++calls, Expected<void>{}; };
  const auto latency = measure_latency(count, {.warm_up = 4, .min_seconds = 0, .min_runs = 10});
  ASSERT_TRUE(latency);
  EXPECT_EQ(latency->runs, 10);
  EXPECT_EQ(calls, 14);
  EXPECT_EQ(measure_latency(count, {.min_seconds = 1e9, .min_runs = 1, .max_runs = 30})->runs, 30);
  EXPECT_FALSE(measure_latency([]() -> Expected<void> { return bad_input("no"); }));
}

TEST(Latency, OfAModelAloneAndInBatches) {
  const Graph graph = two_operators({kDynamic, 8});
  for (const int64_t batch : {1, 7}) {
    const auto measured = measure_latency(graph, {.threads = 2, .batch = batch, .latency = kQuick});
    ASSERT_TRUE(measured) << measured.error().to_string();
    EXPECT_GT(measured->latency.median, 0);
    EXPECT_NEAR(measured->fps, 1000.0 * static_cast<double>(batch) / measured->latency.median, 1e-6);
    EXPECT_GT(measured->arena_bytes, 0u);
  }
}

TEST(Latency, FixedBatchesTakeMultiples) {
  const Graph graph = two_operators({2, 8});
  EXPECT_TRUE(measure_latency(graph, {.batch = 2, .latency = kQuick}));
  EXPECT_TRUE(measure_latency(graph, {.batch = 6, .latency = kQuick}));
  EXPECT_THAT(measure_latency(graph, {.batch = 3, .latency = kQuick}).error().message,
              ::testing::HasSubstr("fixed to 2; a multiple of it"));
}

TEST(Profile, NamesEveryOperator) {
  const auto program = Program::compile(two_operators({1, 64}), {});
  ASSERT_TRUE(program);
  const auto times = profile(*program, 5);
  ASSERT_TRUE(times);
  ASSERT_EQ(times->size(), 2u);
  EXPECT_EQ((*times)[0].op, "softmax");
  EXPECT_EQ((*times)[1].name, "cut");
  EXPECT_NEAR((*times)[0].share + (*times)[1].share, 1, 1e-9);
}

}  // namespace
}  // namespace pare
