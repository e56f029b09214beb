#include "compress/factorize.h"

#include <gmock/gmock.h>

#include "base/random.h"
#include "engine/runner.h"
#include "ir/verify.h"
#include "testing/graphs.h"

namespace pare {
namespace {

using testing::model_of;

constexpr const char* kConvolution = R"(graph (%x: f32[?, 6, 6, 5]) {
  %w = constant f32[12, 3, 3, 5] (0)
  %b = constant f32[12] (0)
  %y = conv_2d(%x, %w, %b) {stride_h = 2, stride_w = 2, activation = relu}
  return %y
})";
constexpr const char* kDense =
    "graph (%x: f32[?, 40]) { %w = constant f32[30, 40] (0) %y = fully_connected(%x, %w) return %y }";

Tensor random_tensor(Shape shape, uint64_t seed) {
  Tensor tensor(DType::Float32, std::move(shape));
  Random random(seed);
  for (float& each : tensor.mutable_values<float>()) each = 2 * random.uniform() - 1;
  return tensor;
}

Model network(const char* text) {
  Model model = model_of(text);
  uint64_t seed = 1;
  for (const char* name : {"w", "b"})
    if (Value* value = model.main().find_value(name)) value->data = random_tensor(value->type.shape, seed++);
  return model;
}

Tensor outputs_of(const Graph& graph, const Tensor& inputs) {
  auto runner = Runner::create(graph, {});
  return (*runner->outputs(source_of({inputs})))[0];
}

double mean_square(const Tensor& a, const Tensor& b) {
  double sum = 0;
  for (size_t i = 0; i < a.values<float>().size(); ++i) {
    const double difference = a.values<float>()[i] - b.values<float>()[i];
    sum += difference * difference;
  }
  return sum / static_cast<double>(a.elements());
}

FactorizableLayer only_layer(Graph& graph) {
  std::vector<Node*> nodes;
  for (const auto& node : graph.nodes()) nodes.push_back(node.get());
  auto layers = factorizable_layers(graph, nodes);
  EXPECT_TRUE(layers.has_value()) << layers.error().to_string();
  EXPECT_EQ(layers->size(), 1u);
  return std::move(layers->at(0));
}

TEST(Factorize, FullRankComputesTheSame) {
  for (const char* text : {kConvolution, kDense}) {
    Model model = network(text);
    Shape shape = model.main().inputs[0]->type.shape;
    shape[0] = 3;
    const Tensor inputs = random_tensor(shape, 9);
    const Tensor before = outputs_of(model.main(), inputs);
    const FactorizableLayer layer = only_layer(model.main());
    ASSERT_TRUE(factorize_layer(model.main(), layer, std::min(layer.outputs, layer.inputs)).has_value());
    ASSERT_TRUE(verify(model.main()).has_value());
    EXPECT_EQ(model.main().nodes().size(), 2u);
    EXPECT_LT(mean_square(outputs_of(model.main(), inputs), before), 1e-11);
    EXPECT_EQ(model.main().nodes()[1]->name, "y");
  }
}

TEST(Factorize, WorkIsWhatTheRankSays) {
  Model model = network(kConvolution);
  const FactorizableLayer layer = only_layer(model.main());
  EXPECT_EQ(layer.multiply_adds, 9 * 12 * 45);
  EXPECT_EQ(layer.choice().largest_rank(), 9) << "10 * (12 + 45) is more than 12 * 45";
  ASSERT_TRUE(factorize_layer(model.main(), layer, 4).has_value());
  EXPECT_EQ(multiply_adds_of_sample(model.main()), 9 * 4 * (12 + 45));
}

TEST(Factorize, SamplesLoseLessThanWeightsAlone) {
  Model by_weights = network(kConvolution), by_samples = network(kConvolution);
  // Channels of very different sizes, and not about zero.
  Tensor inputs = random_tensor({40, 6, 6, 5}, 9);
  auto values = inputs.mutable_values<float>();
  for (size_t i = 0; i < values.size(); ++i) values[i] = values[i] * static_cast<float>(1 + 6 * (i % 5)) + 3;
  const Tensor before = outputs_of(by_weights.main(), inputs);

  FactorizableLayer plain = only_layer(by_weights.main());
  ASSERT_TRUE(factorize_layer(by_weights.main(), plain, 4).has_value());
  std::vector<FactorizableLayer> observed{only_layer(by_samples.main())};
  const auto done = observe_outputs(by_samples.main(), source_of({inputs}), 2, observed);
  ASSERT_TRUE(done.has_value()) << done.error().to_string();
  EXPECT_GT(observed[0].main.kept(4), plain.main.kept(4));
  ASSERT_TRUE(factorize_layer(by_samples.main(), observed[0], 4).has_value());
  EXPECT_LT(mean_square(outputs_of(by_samples.main(), inputs), before),
            0.7 * mean_square(outputs_of(by_weights.main(), inputs), before));
}

TEST(Factorize, OutputsCountAsTheNormalisationBehindSays) {
  // The second half of the outputs is scaled to nothing; all ranks go to the first.
  Model model = model_of(R"(graph (%x: f32[?, 20]) {
    %w = constant f32[8, 20] (0)
    %gamma = constant f32[8] (1, 1, 1, 1, 0, 0, 0, 0)
    %beta = constant f32[8] (1)
    %mean = constant f32[8] (0)
    %variance = constant f32[8] (1)
    %a = fully_connected(%x, %w)
    %y = batch_normalization(%a, %gamma, %beta, %mean, %variance)
    return %y
  })");
  model.main().find_value("w")->data = random_tensor({8, 20}, 1);
  const Tensor inputs = random_tensor({5, 20}, 2);
  const Tensor before = outputs_of(model.main(), inputs);
  const FactorizableLayer layer = only_layer(model.main());
  EXPECT_NEAR(layer.main.kept(4), 1, 1e-6);
  ASSERT_TRUE(factorize_layer(model.main(), layer, 4).has_value());
  EXPECT_LT(mean_square(outputs_of(model.main(), inputs), before), 1e-10);
}

TEST(Factorize, GroupedAndDepthwiseConvolutionsStay) {
  Model model = model_of(R"(graph (%x: f32[1, 4, 4, 4]) {
    %w = constant f32[4, 3, 3, 2] (1)
    %d = constant f32[1, 3, 3, 4] (1)
    %a = conv_2d(%x, %w)
    %y = depthwise_conv_2d(%a, %d)
    return %y
  })");
  std::vector<Node*> nodes;
  for (const auto& node : model.main().nodes()) nodes.push_back(node.get());
  EXPECT_TRUE(factorizable_layers(model.main(), nodes)->empty());
}

}  // namespace
}  // namespace pare
