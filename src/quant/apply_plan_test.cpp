#include "quant/apply_plan.h"

#include <gmock/gmock.h>

#include "engine/runner.h"
#include "ir/builder.h"
#include "ir/verify.h"
#include "quant/bias_correction.h"
#include "quant/calibrate.h"
#include "quant/make_plan.h"
#include "testing/graphs.h"

namespace pare {
namespace {

using testing::ops_of;
using testing::random_tensor;
using testing::small_classifier;

SampleSource samples() {
  Random random(7);
  return source_of({random_tensor({40, 8, 8, 3}, random)});
}

struct Quantized {
  Graph graph;
  QuantPlan plan;
};
Quantized quantized(const Graph& original, QuantConfig config, bool correct = false) {
  Graph graph = original.clone();
  CalibrateOptions options;
  for (const Value* source : bias_correction_sources(graph)) options.channel_sums.insert(source->name);
  StatisticsMap statistics = *calibrate(graph, samples(), options);
  QuantPlan plan = *make_plan(graph, statistics, config);
  if (correct) correct_biases(graph, plan, statistics);
  EXPECT_TRUE(apply_plan(graph, plan));
  const auto verified = verify(graph);
  EXPECT_TRUE(verified) << verified.error().to_string() << "\n" << print(graph);
  return {std::move(graph), std::move(plan)};
}

TEST(ApplyPlan, FloatBordersConvertOnceEach) {
  const Quantized q = quantized(small_classifier(), {});
  EXPECT_THAT(ops_of(q.graph),
              ::testing::ElementsAre("quantize", "conv_2d", "max_pool_2d", "fully_connected", "softmax", "dequantize"));
  EXPECT_EQ(q.graph.inputs[0]->name, "x");
  EXPECT_EQ(q.graph.inputs[0]->type.dtype, DType::Float32);
  EXPECT_EQ(q.graph.outputs[0]->name, "y");
  EXPECT_EQ(q.graph.outputs[0]->type.dtype, DType::Float32);
  EXPECT_EQ(q.graph.find_value("w")->type.dtype, DType::Int8);
  EXPECT_EQ(q.graph.find_value("b")->type.dtype, DType::Int32);
}

TEST(ApplyPlan, FewBitsStayBelowTheirHighestCode) {
  for (const DType io : {DType::Float32, DType::Int8, DType::UInt8}) {
    const Quantized q = quantized(small_classifier(), {.io = io, .weight_bits = 4, .activation_bits = 4});
    auto runner = Runner::create(q.graph, {.fuse = false});
    ASSERT_TRUE(runner);
    int seen = 0;
    const auto observe = [&](int, const Value& value, const void* data) {
      const Storage* storage = q.plan.of(value);
      if (storage == nullptr || storage->bits != 4 || value.type.dtype != DType::Int8 || value.producer == nullptr)
        return;
      ++seen;
      const std::span<const int8_t> codes(static_cast<const int8_t*>(data),
                                          static_cast<size_t>(value.type.shape.elements()));
      EXPECT_LE(*std::max_element(codes.begin(), codes.end()), -113) << value.name;
    };
    SampleSource source = samples();
    if (io != DType::Float32) source = source_of({Tensor(io, {40, 8, 8, 3})});
    ASSERT_TRUE(runner->run(
        source, [](const Runner::Slice&) { return Expected<void>(); }, observe));
    EXPECT_GT(seen, 0);
  }
}

TEST(ApplyPlan, IntegerBordersNeedNoConversion) {
  const Quantized q = quantized(small_classifier(), {.io = DType::Int8});
  EXPECT_THAT(ops_of(q.graph), ::testing::ElementsAre("conv_2d", "max_pool_2d", "fully_connected", "softmax"));
  EXPECT_EQ(q.graph.inputs[0]->type.dtype, DType::Int8);
  EXPECT_EQ(q.graph.outputs[0]->type.quantization, Quantization::per_tensor(1.f / 256, -128));
}

TEST(ApplyPlan, UnsignedBordersMoveTheZeroPoint) {
  const Quantized q = quantized(small_classifier(), {.io = DType::UInt8});
  EXPECT_THAT(ops_of(q.graph),
              ::testing::ElementsAre("quantize", "conv_2d", "max_pool_2d", "fully_connected", "softmax", "quantize"));
  EXPECT_EQ(q.graph.inputs[0]->type.dtype, DType::UInt8);
  EXPECT_EQ(q.graph.inputs[0]->type.quantization->zero_point(), q.plan.values.at("x").quantization->zero_point() + 128);
  EXPECT_EQ(q.graph.outputs[0]->name, "y");
  EXPECT_EQ(q.graph.outputs[0]->type.quantization, Quantization::per_tensor(1.f / 256, 0));
}

TEST(ApplyPlan, FloatIslandsConvertAtTheirShores) {
  const Quantized q = quantized(small_classifier(), {.exclude = {"pool"}});
  EXPECT_THAT(ops_of(q.graph), ::testing::ElementsAre("quantize", "conv_2d", "dequantize", "max_pool_2d", "quantize",
                                                      "fully_connected", "softmax", "dequantize"));
}

TEST(ApplyPlan, AnOutputThatIsReadOnInside) {
  Graph graph = small_classifier();
  graph.outputs.push_back(graph.find_value("conv"));
  for (const DType io : {DType::Float32, DType::Int8, DType::UInt8}) {
    const Quantized q = quantized(graph, {.io = io});
    EXPECT_EQ(q.graph.outputs[1]->name, "conv");
    EXPECT_EQ(q.graph.outputs[1]->type.dtype, io);
  }
}

TEST(ApplyPlan, AnOutputComputedInFloatGetsTheAskedType) {
  const Quantized q = quantized(small_classifier(), {.io = DType::Int8, .exclude = {"y"}});
  EXPECT_EQ(q.graph.outputs[0]->name, "y");
  EXPECT_EQ(q.graph.outputs[0]->type.dtype, DType::Int8);
  EXPECT_EQ(ops_of(q.graph).back(), "quantize");
}

TEST(ApplyPlan, StoredWeightsAreRestored) {
  const Quantized dynamic = quantized(small_classifier(), {.mode = QuantMode::Dynamic});
  EXPECT_EQ(dynamic.graph.find_value("dense_w")->type.dtype, DType::Int8);
  EXPECT_EQ(dynamic.graph.nodes().size(), 4u);
  const Quantized weight_only = quantized(small_classifier(), {.mode = QuantMode::WeightOnly});
  EXPECT_THAT(ops_of(weight_only.graph), ::testing::Contains("dequantize").Times(1));
  const Quantized half = quantized(small_classifier(), {.mode = QuantMode::Fp16});
  EXPECT_THAT(ops_of(half.graph), ::testing::Contains("dequantize").Times(3));
  EXPECT_EQ(half.graph.find_value("w")->type.dtype, DType::Float16);
}

std::vector<float> outputs_of(const Graph& graph, Engine engine = Engine::Reference) {
  auto runner = Runner::create(graph, {.engine = engine});
  EXPECT_TRUE(runner) << runner.error().to_string();
  auto outputs = runner->outputs(samples());
  EXPECT_TRUE(outputs) << outputs.error().to_string();
  return to_floats(outputs->front());
}

TEST(ApplyPlan, NumbersStayCloseInEveryMode) {
  const Graph original = small_classifier();
  const std::vector<float> expected = outputs_of(original);
  const std::pair<QuantMode, float> tolerances[] = {{QuantMode::Int8, 0.03f},
                                                    {QuantMode::Int16x8, 0.02f},
                                                    {QuantMode::Dynamic, 0.02f},
                                                    {QuantMode::WeightOnly, 0.02f},
                                                    {QuantMode::Fp16, 0.01f}};
  for (const auto& [mode, tolerance] : tolerances) {
    const std::vector<float> got = outputs_of(quantized(original, {.mode = mode}).graph);
    ASSERT_EQ(got.size(), expected.size());
    for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], expected[i], tolerance) << to_string(mode) << " " << i;
  }
}

// The mean error of each output channel of a convolution with coarse weights.
TEST(BiasCorrection, TakesTheMeanErrorAway) {
  Random random(3);
  GraphBuilder build;
  Value* x = build.input("x", {kDynamic, 8, 8, 3});
  Tensor weights = random_tensor({4, 1, 1, 3}, random);
  for (size_t c = 0; c < 4; ++c) weights.mutable_values<float>()[c * 3] = 40;  // makes the others coarse
  const Graph graph = build.finish({build.op(
      "conv_2d", {x, build.constant("w", weights), build.constant("b", Tensor(DType::Float32, {4}))}, {}, "conv")});
  const auto mean_error = [&](bool correct) {
    Graph copy = graph.clone();
    Random noise(4);
    const SampleSource source = source_of({random_tensor({64, 8, 8, 3}, noise, 0, 3)});
    StatisticsMap statistics = *calibrate(copy, source, {.channel_sums = {"x"}});
    QuantPlan plan = *make_plan(copy, statistics, {});
    if (correct) { EXPECT_EQ(correct_biases(copy, plan, statistics), 1u); }
    EXPECT_TRUE(apply_plan(copy, plan));
    EXPECT_TRUE(verify(copy));
    const auto exact = to_floats(Runner::create(graph, {})->outputs(source)->front());
    const auto got = to_floats(Runner::create(copy, {.engine = Engine::Reference})->outputs(source)->front());
    std::vector<double> error(4, 0.0);
    for (size_t i = 0; i < exact.size(); ++i)
      error[i % 4] += (got[i] - exact[i]) / static_cast<double>(exact.size() / 4);
    double total = 0;
    for (const double e : error) total += std::abs(e);
    return total;
  };
  const double without = mean_error(false), with = mean_error(true);
  EXPECT_GT(without, 0.05);
  EXPECT_LT(with, without / 4);
}

}  // namespace
}  // namespace pare
