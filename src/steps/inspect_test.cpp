#include "steps/inspect.h"

#include <gmock/gmock.h>

#include "base/plausible_shape.h"
#include "testing/graphs.h"

namespace pare {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::model_of;
using ::testing::Pair;

TEST(Inspect, CountsWorkParametersAndZeros) {
  const ModelSummary summary = inspect(model_of(R"(graph (%x: f32[?, 4, 4, 1]) {
    %w = constant f32[2, 1, 1, 1] (0, 3)
    %b = constant f32[2] (1, 2)
    %c = conv_2d(%x, %w, %b)
    %y = relu(%c)
    return %y
  })"));
  EXPECT_THAT(summary.operators, ElementsAre(Pair("conv_2d", 1), Pair("relu", 1)));
  EXPECT_EQ(summary.multiply_adds, 4 * 4 * 2);
  EXPECT_EQ(summary.parameters.count, 4);
  EXPECT_EQ(summary.parameters.bytes, 16);
  EXPECT_EQ(summary.parameters.zeros, 1);
  EXPECT_EQ(summary.quantized_operators, 0);
  ASSERT_EQ(summary.layers.size(), 2u);
  EXPECT_EQ(summary.layers[0].storage, "f32 x f32");
  EXPECT_EQ(summary.layers[0].dst, "f32[1, 4, 4, 2]");
  EXPECT_EQ(summary.layers[0].parameters.distinct, 2);
  EXPECT_EQ(summary.layers[1].parameters.count, 0);
  EXPECT_TRUE(summary.arena_bytes.has_value()) << summary.not_runnable;
}

TEST(Inspect, WorkBeyondAnyComputerIsACountToo) {
  const ModelSummary summary = inspect(model_of(R"(graph (%x: f32[1, 10000000, 10000000, 1]) {
    %w = constant f32[2, 1, 3, 1] (1, 1, 1, 1, 1, 1)
    %a = conv_2d(%x, %w) {dilation_w = 100000000000000}
    %y = max_pool_2d(%a) {window_h = 100000000000000, window_w = 100000000000000}
    return %y
  })"));
  EXPECT_EQ(summary.multiply_adds, kMostElements + 1);
  EXPECT_THAT(summary.not_runnable, HasSubstr("this computer has"));
}

TEST(Inspect, NamesHowNumbersAreStored) {
  const ModelSummary summary = inspect(model_of(R"(graph (%x: i8[1, 2, 2, 1] quant(0.5, 0)) {
    %w = constant i8[2, 1, 1, 1] quant(axis=0, [0.5, 0.25], [0, 0]) (0, 3)
    %b = constant i32[2] quant(axis=0, [0.25, 0.125], [0, 0]) (0, 0)
    %y = conv_2d(%x, %w, %b) : i8[1, 2, 2, 2] quant(1, 3)
    return %y
  })"));
  EXPECT_EQ(summary.quantized_operators, 1);
  EXPECT_EQ(summary.layers.at(0).storage, "i8 x i8 per channel");
  EXPECT_EQ(summary.parameters.zeros, 3);
  ASSERT_EQ(summary.storage.size(), 2u);
  EXPECT_EQ(summary.storage[0].kind, "i32 per channel");
  EXPECT_EQ(summary.storage[1].kind, "i8 per channel");
  EXPECT_EQ(summary.storage[1].bytes, 2);
}

TEST(Inspect, SharedTensorsCountOnce) {
  Model model = model_of(
      "graph (%x: f32[1, 2, 2, 1]) { %w = constant f32[1, 1, 1, 1] (2) %a = conv_2d(%x, %w) %b = conv_2d(%a, %w) return %b }");
  EXPECT_EQ(inspect(model).parameters.count, 1);
}

TEST(Inspect, ManyValuesAreCounted) {
  Model model =
      model_of("graph (%x: f32[1, 2, 2, 1]) { %w = constant f32[5000, 1, 1, 1] (2) %a = conv_2d(%x, %w) return %a }");
  EXPECT_EQ(inspect(model).layers[0].parameters.distinct, 1);
  auto values = model.main().find_value("w")->data->mutable_values<float>();
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  EXPECT_EQ(inspect(model).layers[0].parameters.distinct, 5000);
}

TEST(Inspect, WeightsAreTensorsOfSeveralAxes) {
  const ModelSummary summary = inspect(model_of(R"(graph (%x: f32[1, 1, 1, 4]) {
    %w = constant f32[2, 1, 1, 4] (0, 0, 0, 0, 1, 2, 3, 4)
    %b = constant f32[2] (1, 2)
    %s = constant f32[1, 1, 1, 2] (3, 4)
    %c = conv_2d(%x, %w, %b)
    %y = mul(%c, %s)
    return %y
  })"),
                                       {.gzip = true, .threads = 2});
  ASSERT_EQ(summary.weights.size(), 1u);
  const WeightsSummary& weights = summary.weights[0];
  EXPECT_EQ(weights.name, "w");
  EXPECT_EQ(weights.kind, "f32");
  EXPECT_EQ(weights.statistics.blocks->to_string(), "1x4");
  EXPECT_EQ(weights.statistics.distinct, 5);
  EXPECT_GT(*weights.gzip_bytes, 20);
  EXPECT_GT(summary.parameters.entropy_bytes, summary.layers[0].parameters.entropy_bytes);
  EXPECT_LT(summary.parameters.entropy_bytes, summary.parameters.bytes);
}

TEST(Inspect, SaysWhyAModelDoesNotRun) {
  const ModelSummary summary = inspect(model_of("graph (%x: u8[1, 2]) { %y = relu(%x) : u8[1, 2] return %y }"));
  EXPECT_FALSE(summary.arena_bytes.has_value());
  EXPECT_THAT(summary.not_runnable, HasSubstr("relu 'y'"));
}

}  // namespace
}  // namespace pare
