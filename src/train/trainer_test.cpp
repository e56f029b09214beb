#include "train/trainer.h"

#include <gmock/gmock.h>

#include <cmath>

#include "engine/cpu.h"
#include "ops/conv_2d.h"
#include "ops/pool_2d.h"
#include "ops/reshape.h"
#include "testing/graphs.h"

namespace pare {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::parsed;
using testing::random_tensor;

// A convolution with batch normalisation, relu6 fused or not, and a classifier.
Graph small_network() {
  Random random(1);
  GraphBuilder build;
  const auto constant = [&](std::string name, Shape shape, float low, float high) {
    return build.constant(std::move(name), random_tensor(std::move(shape), random, low, high));
  };
  Value* x = build.input("x", {kDynamic, 6, 6, 2});
  Value* conv = build.op("conv_2d", {x, constant("conv/w", {4, 3, 3, 2}, -0.3f, 0.3f)}, {}, "conv");
  Value* norm = build.op("batch_normalization",
                         {conv, constant("gamma", {4}, 1, 1), constant("beta", {4}, 0, 0), constant("mean", {4}, 0, 0),
                          constant("variance", {4}, 1, 1)},
                         {}, "norm");
  Value* clipped = build.op("relu6", {norm}, {}, "clipped");
  Value* pool = build.op("average_pool_2d", {clipped}, Pool2dAttributes{.window_h = 6, .window_w = 6}, "pool");
  Value* dense = build.op("fully_connected", {pool, constant("dense/w", {3, 4}, -1, 1), constant("dense/b", {3}, 0, 0)},
                          {}, "dense");
  return build.finish({build.op("softmax", {dense}, {}, "y")});
}

// Images whose brightest channel and sign tell the class.
Batch batch_of(int64_t size, uint64_t seed) {
  Random random(seed);
  Batch batch;
  Tensor images(DType::Float32, {size, 6, 6, 2}), labels(DType::Int32, {size}), weights(DType::Float32, {size});
  for (int64_t n = 0; n < size; ++n) {
    const auto label = static_cast<int32_t>(random.below(3));
    labels.mutable_values<int32_t>()[static_cast<size_t>(n)] = label;
    weights.mutable_values<float>()[static_cast<size_t>(n)] = 1;
    for (int64_t i = 0; i < 72; ++i) {
      const float signal = label == 2 ? -1.f : i % 2 == label ? 1.f : 0.f;
      images.mutable_values<float>()[static_cast<size_t>(n * 72 + i)] = signal + random.uniform(-0.5f, 0.5f);
    }
  }
  batch.inputs = {std::move(images)};
  batch.targets = std::move(labels);
  batch.weights = std::move(weights);
  return batch;
}

Trainer trainer_of(const Graph& network, TrainingGraphOptions options = {.batch = 16}, int threads = 1) {
  auto trainer = Trainer::create(network, std::move(options), threads);
  if (!trainer) throw std::runtime_error(trainer.error().to_string());
  return std::move(*trainer);
}

float train(Trainer& trainer, int steps, double rate, int64_t size = 16) {
  float loss = 0;
  for (int i = 0; i < steps; ++i) {
    auto done = trainer.step(batch_of(size, static_cast<uint64_t>(i + 1)), rate);
    if (!done) throw std::runtime_error(done.error().to_string());
    loss = *done;
  }
  return loss;
}

TEST(Trainer, LearnsWithEveryOptimizer) {
  for (const auto& [optimizer, rate] : {std::pair(Optimizer::Sgd, 0.1), std::pair(Optimizer::Adam, 0.01),
                                        std::pair(Optimizer::Adamw, 0.01), std::pair(Optimizer::Rmsprop, 0.002)}) {
    Trainer trainer = trainer_of(small_network(), {.batch = 16, .optimizer = {.optimizer = optimizer, .decay = 1e-4f}});
    const float first = train(trainer, 1, rate);
    EXPECT_LT(train(trainer, 60, rate), 0.2f * first) << to_string(optimizer);
  }
}

TEST(Trainer, TheTrainedNetworkGivesItsPredictions) {
  Graph network = small_network();
  Trainer trainer = trainer_of(network);
  train(trainer, 200, 0.01);
  trainer.store_into(network);
  // The statistics have followed those of the batches.
  EXPECT_NE(network.find_value("mean")->data->values<float>()[0], 0);
  const Batch batch = batch_of(64, 99);
  auto program = Program::compile(network, {.batch = 64});
  ASSERT_TRUE(program) << program.error().to_string();
  Context context(*program);
  ASSERT_TRUE(context.set_inputs(batch.inputs));
  context.run();
  const auto outputs = context.output_as<float>(0);
  int64_t right = 0;
  for (size_t n = 0; n < 64; ++n) {
    const auto best =
        std::max_element(outputs.begin() + n * 3, outputs.begin() + n * 3 + 3) - (outputs.begin() + n * 3);
    right += best == batch.targets.values<int32_t>()[n] ? 1 : 0;
  }
  EXPECT_GE(right, 63);
}

TEST(Trainer, TakesBatchesOfAnySize) {
  Trainer trainer = trainer_of(small_network());
  train(trainer, 10, 0.01);
  train(trainer, 10, 0.01, 5);
  EXPECT_EQ(trainer.scored().shape(), (Shape{5, 3}));
  EXPECT_LT(train(trainer, 60, 0.01), 0.3f);
  EXPECT_EQ(trainer.steps(), 80);
}

TEST(Trainer, TheSameStepsGiveTheSameBytes) {
  std::vector<Tensor> ends;
  for (int run = 0; run < 2; ++run) {
    Trainer trainer = trainer_of(small_network(), {.batch = 16}, 2);
    train(trainer, 20, 0.01);
    ends.push_back(trainer.state()[0]);
  }
  EXPECT_TRUE(ends[0] == ends[1]);
}

TEST(Trainer, GoesOnFromAStateAsIfNothingHadHappened) {
  Trainer whole = trainer_of(small_network());
  train(whole, 5, 0.01);
  std::vector<Tensor> kept;
  for (const Tensor& each : whole.state()) kept.push_back(Tensor(each.dtype(), each.shape(), each.bytes()));
  Trainer resumed = trainer_of(small_network());
  ASSERT_TRUE(resumed.restore(kept, 5));
  for (Trainer* each : {&whole, &resumed}) train(*each, 5, 0.01);
  for (size_t i = 0; i < kept.size(); ++i)
    EXPECT_TRUE(whole.state()[i] == resumed.state()[i]) << whole.carried()[i].name;
}

TEST(Trainer, LearnsWithProductsOfBFloat16) {
  if (!missing_avx512_bf16().empty()) GTEST_SKIP() << missing_avx512_bf16();
  Random random(1);
  GraphBuilder build;
  Value* values = build.input("x", {kDynamic, 6, 6, 2});
  for (const int64_t channels : {2, 64, 64}) {
    const float bound = 1 / std::sqrt(static_cast<float>(channels));
    Value* weights = build.constant("w", random_tensor({64, 1, 1, channels}, random, -bound, bound));
    values = build.op("conv_2d", {values, weights}, Conv2dAttributes{.activation = Activation::Relu}, "conv");
  }
  values = build.op("average_pool_2d", {values}, Pool2dAttributes{.window_h = 6, .window_w = 6}, "pool");
  Value* dense = build.constant("dense", random_tensor({3, 64}, random, -0.1f, 0.1f));
  values = build.op("fully_connected", {values, dense, build.constant("bias", Tensor(DType::Float32, {3}))}, {}, "y");
  const Graph network = build.finish({build.op("softmax", {values}, {}, "p")});
  float losses[2];
  for (const bool bf16 : {false, true}) {
    auto trainer = Trainer::create(network, {.batch = 16}, 1, bf16);
    ASSERT_TRUE(trainer) << trainer.error().to_string();
    losses[bf16] = train(*trainer, 40, 0.001);
  }
  EXPECT_LT(losses[0], 0.5f);
  EXPECT_LT(losses[1], 0.5f);
  EXPECT_NE(losses[0], losses[1]);
}

TEST(Trainer, FrozenNodesStay) {
  const Graph network = small_network();
  Trainer trainer =
      trainer_of(network, {.batch = 16, .is_frozen = [](const Node& node) { return node.name != "dense"; }});
  std::vector<std::string> names;
  for (const CarriedTensor& each : trainer.carried())
    if (!each.constant.empty()) names.push_back(each.name);
  EXPECT_THAT(names, ElementsAre("dense/b", "dense/w"));
  train(trainer, 20, 0.01);
}

TEST(Trainer, NodesTrainAtTheirOwnRates) {
  for (const Optimizer optimizer : {Optimizer::Sgd, Optimizer::Adam}) {
    const Graph network = small_network();
    const auto step_of = [&](std::function<float(const Node&)> factor, double rate) {
      Trainer trainer =
          trainer_of(network, {.batch = 16, .optimizer = {.optimizer = optimizer}, .rate_factor = factor});
      train(trainer, 1, rate);
      return std::vector<Tensor>(trainer.state().begin(), trainer.state().end());
    };
    const auto dense = [](const Node& node) { return node.name == "dense" ? 0.25f : 1.f; };
    const auto mixed = step_of(dense, 0.04), full = step_of([](const Node&) { return 1.f; }, 0.04),
               slow = step_of([](const Node&) { return 1.f; }, 0.01);
    const Trainer names = trainer_of(network, {.batch = 16, .optimizer = {.optimizer = optimizer}});
    for (size_t i = 0; i < mixed.size(); ++i) {
      const std::string& name = names.carried()[i].name;
      const auto expected = (name.starts_with("dense") ? slow : full)[i].values<float>();
      for (size_t k = 0; k < expected.size(); ++k) EXPECT_NEAR(mixed[i].values<float>()[k], expected[k], 1e-6) << name;
    }
  }
}

TEST(Trainer, SharedWeightsHaveOneRate) {
  GraphBuilder build;
  Value* x = build.input("x", {kDynamic, 2});
  Value* w = build.constant("w", Tensor::vector<float>({1, 2, 3, 4}).reshaped({2, 2}));
  Value* first = build.op("fully_connected", {x, w}, {}, "first");
  const Graph network = build.finish({build.op("softmax", {build.op("fully_connected", {first, w}, {}, "second")})});
  const auto trainer =
      Trainer::create(network, {.rate_factor = [](const Node& node) { return node.name == "first" ? 0.5f : 1.f; }}, 1);
  ASSERT_FALSE(trainer);
  EXPECT_THAT(trainer.error().message,
              HasSubstr("the weights 'w' belong to several operators; give them the same rate"));
}

TEST(Trainer, CarriesAnAverageOfTheWeightsBesideThem) {
  const Graph network = small_network();
  Trainer plain = trainer_of(network), averaging = trainer_of(network, {.batch = 16, .average = 0.5});
  std::vector<double> expected;
  for (const float each : network.find_value("dense/w")->data->values<float>()) expected.push_back(each);
  for (int step = 1; step <= 20; ++step) {
    for (Trainer* each : {&plain, &averaging}) ASSERT_TRUE(each->step(batch_of(16, static_cast<uint64_t>(step)), 0.01));
    Graph now = network.clone();
    plain.store_into(now);
    const double momentum = average_momentum(0.5, step);
    for (size_t i = 0; i < expected.size(); ++i)
      expected[i] = momentum * expected[i] + (1 - momentum) * now.find_value("dense/w")->data->values<float>()[i];
  }
  // The weights take the same course; the network takes their averages, and those of its statistics.
  for (size_t i = 0; i < plain.state().size(); ++i) {
    EXPECT_EQ(averaging.carried()[i].name, plain.carried()[i].name);
    EXPECT_TRUE(averaging.state()[i] == plain.state()[i]) << plain.carried()[i].name;
  }
  Graph last = network.clone(), averaged = network.clone();
  plain.store_into(last);
  averaging.store_into(averaged);
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(averaged.find_value("dense/w")->data->values<float>()[i], expected[i], 1e-5);
  EXPECT_FALSE(*averaged.find_value("mean")->data == *last.find_value("mean")->data);
}

TEST(Trainer, ClipsGradients) {
  Trainer trainer = trainer_of(
      small_network(), {.batch = 16, .optimizer = {.optimizer = Optimizer::Sgd, .momentum = 0, .clip_norm = 1e-3f}});
  const Tensor before(DType::Float32, trainer.state()[0].shape(), trainer.state()[0].bytes());
  train(trainer, 1, 1);
  double moved = 0;
  for (size_t i = 0; i < before.values<float>().size(); ++i)
    moved += std::abs(before.values<float>()[i] - trainer.state()[0].values<float>()[i]);
  EXPECT_GT(moved, 0);
  EXPECT_LT(moved, 1e-2);
}

TEST(Trainer, SaysWhatDoesNotFit) {
  Trainer trainer = trainer_of(small_network());
  Batch wrong = batch_of(16, 1);
  wrong.targets.mutable_values<int32_t>()[3] = 7;
  EXPECT_THAT(trainer.step(wrong, 0.1).error().message, HasSubstr("a label is 7, the network has outputs for 0 to 2"));
  wrong = batch_of(16, 1);
  wrong.inputs[0] = Tensor(DType::Float32, {16, 6, 6, 3});
  EXPECT_THAT(trainer.step(wrong, 0.1).error().message, HasSubstr("a batch has f32[16, 6, 6, 3] for 'x'"));
  EXPECT_THAT(Trainer::create(parsed("graph (%x: f32[?, 3]) { %y = relu(%x) return %y }"), {}, 1).error().message,
              HasSubstr("there is nothing to train"));
  GraphBuilder build;
  Value* dense =
      build.op("fully_connected", {build.input("x", {1, 2}), build.constant("w", Tensor(DType::Float32, {4, 2}))});
  const Graph flat = build.finish({build.op("reshape", {dense}, ReshapeAttributes{{4, -1}}, "y")});
  EXPECT_THAT(Trainer::create(flat, {.batch = 8}, 1).error().message,
              HasSubstr("the output 'y' is [4, 8] for 8 samples; networks that take several at a time are trained"));
  EXPECT_THAT(
      Trainer::create(parsed("graph (%x: i8[?, 3] quant(0.5, 0)) { %y = relu(%x) : i8[?, 3] quant(0.5, 0) return %y }"),
                      {}, 1)
          .error()
          .message,
      HasSubstr("the tensor 'x' is quantised; train the float network"));
}

TEST(Trainer, StopsWhereTheLossIsNoNumber) {
  Trainer trainer = trainer_of(small_network());
  Batch bad = batch_of(16, 1);
  bad.inputs[0].mutable_values<float>()[5] = std::numeric_limits<float>::quiet_NaN();
  const auto done = trainer.step(bad, 0.1);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("the loss became no number in step 1"));
}

}  // namespace
}  // namespace pare
