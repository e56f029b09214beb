#include "steps/benchmark.h"

#include <gmock/gmock.h>

#include <numeric>

#include "eval/memory.h"
#include "formats/formats.h"
#include "testing/graphs.h"
#include "testing/temporary_folder.h"

namespace pare {
namespace {

constexpr LatencyOptions kQuick{.warm_up = 1, .min_seconds = 0, .min_runs = 20};

BenchmarkResult measured(const Model& model, const BenchmarkOptions& options) {
  auto result = benchmark("net.tflite", model, options);
  if (!result) throw std::runtime_error(result.error().to_string());
  return std::move(*result);
}

TEST(Benchmark, ResultsHoldTheirSettingAndASoundDistribution) {
  const Model model = testing::model_of(testing::small_classifier());
  for (const auto& [threads, batch] : {std::pair<int, int64_t>{1, 1}, {2, 1}, {2, 5}}) {
    const BenchmarkResult result =
        measured(model, {.latency = {.threads = threads, .batch = batch, .latency = kQuick}});
    EXPECT_EQ(result.model, "net.tflite");
    EXPECT_EQ(result.setting.threads, threads);
    EXPECT_EQ(result.setting.batch, batch);
    const Latency& latency = result.measured.latency;
    EXPECT_EQ(latency.runs, 20);
    EXPECT_GT(latency.min, 0);
    EXPECT_LE(latency.min, latency.median);
    EXPECT_LE(latency.median, latency.p90);
    EXPECT_LE(latency.p90, latency.p99);
    EXPECT_GE(latency.mean, latency.min);
    EXPECT_NEAR(result.measured.fps * latency.median, 1000.0 * static_cast<double>(batch), 1e-6);
    // At the least the convolution's input and result lie in memory at once.
    EXPECT_GE(result.measured.arena_bytes, sizeof(float) * 8 * 8 * 4);
    EXPECT_GT(result.peak_rss_bytes, static_cast<int64_t>(result.measured.arena_bytes));
    EXPECT_TRUE(result.operators.empty()) << "nobody asked for a profile";
  }
}

TEST(Benchmark, ProfilesEveryOperatorWithItsKernel) {
  const Model model = testing::model_of(testing::small_classifier());
  const BenchmarkResult result = measured(
      model, {.latency = {.engine = Engine::Reference, .latency = kQuick}, .profile = true, .profile_runs = 3});
  std::vector<std::string> names;
  double share = 0;
  for (const OperatorTime& each : result.operators) {
    names.push_back(each.name);
    share += each.share;
    EXPECT_EQ(each.implementation, "plain") << each.name;
  }
  EXPECT_THAT(names, ::testing::ElementsAre("conv", "pool", "dense", "y"));
  EXPECT_NEAR(share, 1, 1e-9);
  EXPECT_EQ(result.operators[0].multiply_adds, 8 * 8 * 4 * 3 * 3 * 3);
}

using BenchmarkFile = testing::TemporaryFolder;

TEST_F(BenchmarkFile, ThePeakOfMemoryIsThatOfThisModel) {
  ASSERT_TRUE(write_model(testing::model_of(testing::small_classifier()), folder_ / "net.tflite"));
  const std::string path = (folder_ / "net.tflite").string();
  constexpr int64_t kBefore = int64_t{256} << 20;
  const auto use_memory = [&] {
    const std::vector<std::byte> used(static_cast<size_t>(kBefore), std::byte{1});
    return peak_rss_bytes();
  };
  if (!reset_peak_rss()) GTEST_SKIP() << "the system does not let the peak be counted anew";
  ASSERT_GT(use_memory(), kBefore);
  const auto result = benchmark_file(path, {.latency = {.latency = kQuick}});
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(result->model, path);
  EXPECT_LT(result->peak_rss_bytes, kBefore);
  EXPECT_FALSE(benchmark_file("absent.tflite", {}));
}

TEST(Benchmark, AFixedBatchIsProfiledInMultiplesToo) {
  const Model model = testing::model_of("graph (%x: f32[2, 8]) { %y = softmax(%x) return %y }");
  const BenchmarkResult result =
      measured(model, {.latency = {.batch = 6, .latency = kQuick}, .profile = true, .profile_runs = 1});
  EXPECT_EQ(result.setting.batch, 6);
  EXPECT_EQ(result.operators.size(), 1u);
}

TEST(Benchmark, ABatchThatDoesNotFitIsAnErrorOfThatModel) {
  const Model model = testing::model_of("graph (%x: f32[2, 8]) { %y = softmax(%x) return %y }");
  const auto result = benchmark("net.tflite", model, {.latency = {.batch = 3, .latency = kQuick}});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::Usage);
  EXPECT_THAT(result.error().to_string(), ::testing::StartsWith("net.tflite: the batch of the model is fixed to 2"));
}

}  // namespace
}  // namespace pare
