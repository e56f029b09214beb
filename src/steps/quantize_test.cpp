#include "steps/quantize.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "engine/runner.h"
#include "ir/builder.h"
#include "ir/verify.h"
#include "testing/graphs.h"

namespace pare {
namespace {

using ::testing::HasSubstr;
using testing::random_tensor;

// Convolution, batch normalisation, relu, dense, softmax; the two convolutions share their weights.
Model network() {
  Random random(1);
  GraphBuilder build;
  const auto constant = [&](std::string name, Shape shape, float low, float high = 1) {
    return build.constant(std::move(name), random_tensor(std::move(shape), random, low, high));
  };
  Value* x = build.input("x", {kDynamic, 8, 8, 4});
  Value* weights = constant("w", {4, 3, 3, 4}, -1);
  Value* conv = build.op("conv_2d", {x, weights}, {}, "conv");
  Value* bn = build.op(
      "batch_normalization",
      {conv, constant("g", {4}, 0.5f), constant("b", {4}, -1), constant("m", {4}, -1), constant("v", {4}, 2, 5)}, {},
      "bn");
  Value* second = build.op("conv_2d", {build.op("relu", {bn}, {}, "relu"), weights}, {}, "second");
  Value* dense = build.op("fully_connected", {second, constant("fw", {5, 256}, -0.02f, 0.02f)}, {}, "dense");
  Model model;
  model.graphs.push_back(build.finish({build.op("softmax", {dense}, {}, "y")}));
  Graph& graph = model.main();
  model.signatures.push_back({"serving_default", 0, {{"image", graph.inputs[0]}}, {{"scores", graph.outputs[0]}}});
  return model;
}

SampleSource samples(int64_t count = 30) {
  Random random(7);
  return source_of({random_tensor({count, 8, 8, 4}, random)});
}

std::vector<float> outputs_of(const Model& model) {
  auto runner = Runner::create(model.main(), {.engine = Engine::Reference});
  EXPECT_TRUE(runner) << (runner ? "" : runner.error().to_string());
  return to_floats(runner->outputs(samples())->front());
}

TEST(Quantize, EveryModeGivesASoundModelCloseToTheOriginal) {
  const Model model = network();
  const std::vector<float> expected = outputs_of(model);
  const SampleSource source = samples();
  for (size_t mode = 0; mode < EnumNames<QuantMode>::names.size(); ++mode) {
    QuantizeOptions options;
    options.config.mode = static_cast<QuantMode>(mode);
    const auto result = quantize(model, &source, options);
    ASSERT_TRUE(result) << result.error().to_string();
    ASSERT_TRUE(verify(result->model.main()));
    EXPECT_EQ(result->model.signatures[0].outputs[0].second, result->model.main().outputs[0]);
    const std::vector<float> got = outputs_of(result->model);
    for (size_t i = 0; i < got.size(); ++i)
      EXPECT_NEAR(got[i], expected[i], 0.05) << to_string(options.config.mode) << " " << i;
    for (const auto& node : result->baseline.main().nodes())
      EXPECT_FALSE(result->plan.of(*node).reason.empty()) << describe(*node);
  }
}

TEST(Quantize, SameInputsGiveTheSameModelWhateverTheThreads) {
  const Model model = network();
  const SampleSource source = samples(100);
  std::vector<std::string> plans;
  for (const int threads : {1, 2, 2}) {
    QuantizeOptions options;
    options.threads = threads;
    const auto result = quantize(model, &source, options);
    ASSERT_TRUE(result);
    plans.push_back(to_string(result->plan, result->baseline.main()));
  }
  EXPECT_EQ(plans[0], plans[1]);
  EXPECT_EQ(plans[1], plans[2]);
}

TEST(Quantize, NeedsSamplesOnlyWhereActivationsAreQuantised) {
  const auto missing = quantize(network(), nullptr, {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::Usage);
  EXPECT_THAT(missing.error().message, HasSubstr("the mode int8 needs calibration samples"));
  QuantizeOptions options;
  options.config.mode = QuantMode::Fp16;
  EXPECT_TRUE(quantize(network(), nullptr, options));
}

TEST(Quantize, SeveralGraphsCannotBeCalibrated) {
  Model model = network();
  model.graphs.push_back(network().main().clone());
  model.signatures.push_back({"second", 1, {}, {}});
  const SampleSource source = samples();
  const auto result = quantize(model, &source, {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::Unsupported);
  EXPECT_THAT(result.error().message, HasSubstr("the model has 2 graphs"));
}

TEST(Quantize, BiasesAreCorrectedUnlessNoEffortIsAsked) {
  const Model model = network();
  const SampleSource source = samples();
  const auto largest_bias = [&](int effort) {
    QuantizeOptions options;
    options.effort = effort;
    const auto result = quantize(model, &source, options);
    int32_t largest = -1;
    for (const auto& node : result->model.main().nodes())
      if (node->is("fully_connected"))
        for (const int32_t bias : node->operand(2)->data->values<int32_t>())
          largest = std::max(largest, std::abs(bias));
    return largest;
  };
  EXPECT_EQ(largest_bias(0), 0);  // the network has none; integer kernels get zeros
  EXPECT_GT(largest_bias(1), 0);
}

// Two convolutions and a dense layer; every third weight of the first is zero.
Model convolutions() {
  Random random(5);
  GraphBuilder build;
  Tensor first = random_tensor({8, 3, 3, 4}, random);
  for (size_t i = 0; i < first.values<float>().size(); i += 3) first.mutable_values<float>()[i] = 0;
  Value* x = build.input("x", {kDynamic, 8, 8, 4});
  Value* conv = build.op("conv_2d", {x, build.constant("w1", std::move(first))}, {}, "conv");
  Value* second = build.op(
      "conv_2d", {build.op("relu", {conv}, {}, "relu"), build.constant("w2", random_tensor({6, 3, 3, 8}, random))}, {},
      "second");
  Value* dense =
      build.op("fully_connected", {second, build.constant("fw", random_tensor({5, 384}, random))}, {}, "dense");
  Model model;
  model.graphs.push_back(build.finish({dense}));
  return model;
}

double squared_error(const Model& quantized, const std::vector<float>& expected) {
  const std::vector<float> got = outputs_of(quantized);
  double error = 0;
  for (size_t i = 0; i < got.size(); ++i) error += (got[i] - expected[i]) * (got[i] - expected[i]);
  return error;
}

TEST(Quantize, WeightsOfFewBitsAreRoundedForWhatLayersCompute) {
  const Model model = convolutions();
  const std::vector<float> expected = outputs_of(model);
  const SampleSource source = samples();
  for (const QuantMode mode : {QuantMode::Int8, QuantMode::WeightOnly}) {
    QuantizeOptions options;
    options.config.mode = mode;
    options.config.weight_bits = 4;
    options.config.smallest_weights = 0;
    const auto nearest = quantize(model, &source, options);
    options.effort = 2;
    const auto fitted = quantize(model, &source, options);
    ASSERT_TRUE(nearest && fitted);
    EXPECT_LT(squared_error(fitted->model, expected), 0.6 * squared_error(nearest->model, expected)) << to_string(mode);
  }
}

TEST(Quantize, ZerosStayZeroWhateverTheEffort) {
  const SampleSource source = samples();
  QuantizeOptions options;
  options.effort = 2;
  options.config.weight_bits = 4;
  const auto result = quantize(convolutions(), &source, options);
  ASSERT_TRUE(result);
  const Graph& graph = result->model.main();
  const auto conv = std::ranges::find_if(graph.nodes(), [](const auto& node) { return node->is("conv_2d"); });
  const Tensor codes = *(*conv)->operand(1)->data;
  const std::vector<float> numbers = to_floats(codes);
  ASSERT_EQ(numbers.size(), 288u);
  for (size_t i = 0; i < numbers.size(); i += 3) EXPECT_EQ(numbers[i], 0) << i;
}

}  // namespace
}  // namespace pare
