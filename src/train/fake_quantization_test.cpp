#include "train/fake_quantization.h"

#include <gmock/gmock.h>

#include <cmath>
#include <map>

#include "engine/evaluate.h"
#include "engine/runner.h"
#include "ops/fake_quantize.h"
#include "ops/normalization.h"
#include "ops/pool_2d.h"
#include "passes/pipeline.h"
#include "quant/apply_plan.h"
#include "quant/calibrate.h"
#include "testing/graphs.h"
#include "train/trainer.h"

namespace pare {
namespace {

using ::testing::Contains;
using ::testing::Key;
using testing::ops_of;
using testing::random_tensor;

// "bn" behind the weights of "conv", "pool" over them, "dense" with weights of its own.
Graph normalized_classifier(const char* pooling = "max_pool_2d") {
  Random random(5);
  GraphBuilder build;
  const auto constant = [&](std::string name, Shape shape, float low, float high) {
    return build.constant(std::move(name), random_tensor(std::move(shape), random, low, high));
  };
  Value* x = build.input("x", {kDynamic, 8, 8, 3});
  Value* conv = build.op("conv_2d", {x, constant("w", {4, 3, 3, 3}, -1, 1), nullptr}, {}, "conv");
  // Of the factors of the normalisation some are negative.
  Value* bn = build.op("batch_normalization",
                       {conv, constant("gamma", {4}, -1, 1), constant("beta", {4}, -1, 1), constant("mean", {4}, -1, 1),
                        constant("variance", {4}, 0.5f, 2)},
                       {}, "bn");
  Value* relu = build.op("relu", {bn}, {}, "relu");
  Value* pool =
      build.op(pooling, {relu}, Pool2dAttributes{.padding = Padding::Same, .window_h = 2, .window_w = 2}, "pool");
  Value* flat = build.op("reshape", {pool, build.constant("shape", Tensor::vector<int32_t>({-1, 256}))}, {}, "flat");
  Value* dense = build.op("fully_connected", {flat, constant("dense_w", {10, 256}, -0.1f, 0.1f), nullptr}, {}, "dense");
  return build.finish({build.op("softmax", {dense}, {}, "y")});
}

Graph deployed_form(const Graph& network) {
  Graph graph = network.clone();
  std::vector<const Pass*> passes = passes_of(Pipeline::Canonical);
  for (const char* name : {"add_biases", "separate_constants"}) passes.push_back(find_pass(name));
  EXPECT_TRUE(run_passes(graph, passes, evaluate));
  return graph;
}

SampleSource samples() {
  Random random(7);
  return source_of({random_tensor({40, 8, 8, 3}, random)});
}

QuantPlan plan_for(const Graph& deployed, const QuantConfig& config, const KnownParameters& known = {}) {
  return *make_plan(deployed, *calibrate(deployed, samples(), {}), config, known);
}

Graph form_of(const Graph& network, const QuantConfig& config, RangeRule rule) {
  Graph form = network.clone();
  const Graph deployed = deployed_form(network);
  const auto inserted = insert_fake_quantization(form, deployed, plan_for(deployed, config), config, rule);
  EXPECT_TRUE(inserted) << inserted.error().message;
  return form;
}

Batch random_batch(int64_t size, uint64_t seed) {
  Random random(seed);
  std::vector<int32_t> labels;
  for (int64_t i = 0; i < size; ++i) labels.push_back(static_cast<int32_t>(random.below(10)));
  return {.inputs = {random_tensor({size, 8, 8, 3}, random)},
          .targets = Tensor::vector(labels),
          .weights = Tensor::vector(std::vector<float>(static_cast<size_t>(size), 1))};
}

// The form after some steps of training.
Graph trained(const Graph& form, const TrainingGraphOptions& options = {.batch = 8}) {
  auto trainer = Trainer::create(form, options, 1);
  EXPECT_TRUE(trainer) << trainer.error().to_string();
  for (uint64_t step = 0; step < 5; ++step) EXPECT_TRUE(trainer->step(random_batch(8, step), 0.02));
  Graph after = form.clone();
  trainer->store_into(after);
  return after;
}

TEST(FakeQuantization, RoundsWhatThePlanStoresSmaller) {
  const Graph form = form_of(normalized_classifier(), {}, RangeRule::Learned);
  std::map<std::string_view, int> counts;
  for (const std::string_view op : ops_of(form)) ++counts[op];
  // Both weights; x, relu, pool, dense and y.
  EXPECT_EQ(counts["fake_quantize"], 7);
  EXPECT_EQ(form.nodes().size(), normalized_classifier().nodes().size() + 7);
  // What is rounded takes the name; what only moves codes needs no rounding.
  EXPECT_EQ(form.find_value("relu")->producer->operand(0)->name, "relu/real");
  EXPECT_EQ(form.find_value("flat")->producer->op().name, "reshape");
  EXPECT_EQ(form.outputs[0]->name, "y");
  const auto& weights = form.find_value("w/rounded")->producer->attrs<FakeQuantizeAttributes>();
  EXPECT_TRUE(weights.symmetric);
  EXPECT_EQ(form.find_value("w/log2_scale")->type.shape, Shape{4});
  EXPECT_EQ(form.find_value("y")->producer->attrs<FakeQuantizeAttributes>().step, StepRule::Fixed);
}

TEST(FakeQuantization, TakenOutLeavesTheNetwork) {
  const Graph network = normalized_classifier();
  for (const RangeRule rule : {RangeRule::Learned, RangeRule::Clip, RangeRule::Moving, RangeRule::Fixed}) {
    Graph form = form_of(network, {}, rule);
    const auto learned = remove_fake_quantization(form, {});
    ASSERT_TRUE(learned) << learned.error().message;
    EXPECT_EQ(ops_of(form), ops_of(network));
    for (const auto& node : network.nodes()) EXPECT_NE(form.find_value(node->result()->name), nullptr);
    EXPECT_THAT(learned->activations, Contains(Key("relu")));
    EXPECT_THAT(learned->activations, Contains(Key("x")));
  }
}

TEST(FakeQuantization, ForgottenLeavesTheWeightsBehindIt) {
  Graph form = trained(form_of(normalized_classifier(), {.weight_bits = 4}, RangeRule::Learned));
  const Tensor latent = *form.find_value("w")->data;
  forget_fake_quantization(form);
  EXPECT_FALSE(is_training_form(form));
  EXPECT_EQ(ops_of(form), ops_of(normalized_classifier()));
  EXPECT_EQ(form.find_value("relu")->producer->op().name, "relu");
  const Value* used = form.find_value("conv")->producer->operand(1);
  EXPECT_TRUE(std::ranges::equal(used->data->values<float>(), latent.values<float>()));
}

TEST(FakeQuantization, UntrainedPlansAreThoseOfTheCalibration) {
  const Graph network = normalized_classifier(), deployed = deployed_form(network);
  const QuantPlan plan = plan_for(deployed, {});
  for (const RangeRule rule : {RangeRule::Learned, RangeRule::Moving}) {
    Graph form = form_of(network, {}, rule);
    const auto learned = remove_fake_quantization(form, {});
    for (const auto& [name, storage] : learned->activations) {
      EXPECT_NEAR(storage.quantization->scale() / plan.values.at(name).quantization->scale(), 1, 1e-5) << name;
      EXPECT_EQ(storage.quantization->zero_point(), plan.values.at(name).quantization->zero_point()) << name;
    }
  }
}

class Trained : public ::testing::TestWithParam<std::tuple<RangeRule, int, int>> {};

TEST_P(Trained, IntegersAreThoseOfTheTrainingForm) {
  const auto [rule, weight_bits, activation_bits] = GetParam();
  const QuantConfig config{.weight_bits = weight_bits, .activation_bits = activation_bits};
  const Graph form = trained(form_of(normalized_classifier(), config, rule));

  Graph network = form.clone();
  const auto learned = remove_fake_quantization(network, config);
  ASSERT_TRUE(learned) << learned.error().message;
  Graph deployed = deployed_form(network);
  const KnownParameters known = known_parameters(*learned, network, deployed);
  const QuantPlan plan = plan_for(deployed, config, known);
  ASSERT_TRUE(apply_plan(deployed, plan));

  const auto check = [&](const std::string& weights, const Value& stored, const std::vector<bool>& negated) {
    const Tensor rounded = (*evaluate(*form.find_value(weights + "/rounded")->producer))[0];
    const auto scales = form.find_value(weights + "/log2_scale")->data->values<float>();
    const std::vector<int64_t> codes = to_int64(*stored.data);
    const size_t per_channel = codes.size() / scales.size();
    for (size_t i = 0; i < codes.size(); ++i) {
      const size_t channel = i / per_channel;
      const auto code = static_cast<int64_t>(std::nearbyint(rounded.values<float>()[i] / std::exp2(scales[channel])));
      ASSERT_EQ(codes[i], negated[channel] ? -code : code) << weights << " " << i;
    }
  };
  std::vector<bool> negated;
  for (const float factor : form.find_value("gamma")->data->values<float>()) negated.push_back(factor < 0);
  const auto weights_of = [&](const char* op) {
    for (const auto& node : deployed.nodes())
      if (node->is(op)) return node->operand(1);
    return static_cast<Value*>(nullptr);
  };
  check("w", *weights_of("conv_2d"), negated);
  check("dense_w", *weights_of("fully_connected"), std::vector<bool>(10, false));
  for (const auto& [name, storage] : learned->activations) EXPECT_EQ(plan.values.at(name), storage) << name;
}

INSTANTIATE_TEST_SUITE_P(Rules, Trained,
                         ::testing::Values(std::tuple(RangeRule::Learned, 8, 8), std::tuple(RangeRule::Learned, 4, 4),
                                           std::tuple(RangeRule::Clip, 4, 8), std::tuple(RangeRule::Moving, 8, 8),
                                           std::tuple(RangeRule::Fixed, 2, 8)));

TEST(FakeQuantization, SettledBiasesAreStoredExactly) {
  Graph form = trained(form_of(normalized_classifier(), {}, RangeRule::Learned));
  // The largest distance of a bias from a whole number of its steps; the form is settled afterwards.
  const auto worst = [&form] {
    Graph network = form.clone();
    const auto learned = remove_fake_quantization(network, {});
    const Graph deployed = deployed_form(network);
    const QuantPlan plan = plan_for(deployed, {}, known_parameters(*learned, network, deployed));
    double error = 0;
    for (const auto& node : deployed.nodes()) {
      if (!node->is("conv_2d")) continue;
      const Quantization& stored = *plan.of(*node->operand(2))->quantization;
      const auto bias = node->operand(2)->data->values<float>();
      for (size_t c = 0; c < bias.size(); ++c) {
        const double code = static_cast<double>(bias[c]) / stored.scales[c];
        error = std::max(error, std::fabs(code - std::round(code)));
      }
    }
    settle_biases(form, deployed, plan);
    return error;
  };
  EXPECT_GT(worst(), 0.05);
  EXPECT_LT(worst(), 0.05);
}

TEST(FakeQuantization, ComputesWhatTheIntegersCompute) {
  for (const char* pooling : {"max_pool_2d", "average_pool_2d"}) {
    Graph classifier = normalized_classifier(pooling);
    classifier.outputs.push_back(classifier.find_value("pool"));
    Graph form = trained(form_of(classifier, {}, RangeRule::Learned));
    Graph network = form.clone();
    const auto learned = remove_fake_quantization(network, {});
    Graph integers = deployed_form(network);
    const QuantPlan plan = plan_for(integers, {}, known_parameters(*learned, network, integers));
    settle_biases(form, integers, plan);
    ASSERT_TRUE(apply_plan(integers, plan));
    Random random(9);
    const SampleSource source = source_of({random_tensor({64, 8, 8, 3}, random)});
    const Tensor ours = (*Runner::create(form, {})->outputs(source))[1];
    const Tensor theirs = (*Runner::create(integers, {})->outputs(source))[1];
    int64_t same = 0;
    for (size_t i = 0; i < ours.values<float>().size(); ++i)
      same += std::fabs(ours.values<float>()[i] - theirs.values<float>()[i]) < 1e-6f;
    EXPECT_GE(same, 99 * ours.elements() / 100) << pooling;
  }
}

TEST(FakeQuantization, RangesMoveOrLearnOrStay) {
  const Graph network = normalized_classifier();
  const auto value_after = [&](RangeRule rule, const char* name) {
    const Graph form = form_of(network, {}, rule);
    const Tensor before = *form.find_value(name)->data, after = *trained(form).find_value(name)->data;
    return before.values<float>()[0] != after.values<float>()[0] ||
           before.values<float>()[before.values<float>().size() - 1] !=
               after.values<float>()[after.values<float>().size() - 1];
  };
  EXPECT_TRUE(value_after(RangeRule::Learned, "dense/log2_scale"));
  EXPECT_TRUE(value_after(RangeRule::Moving, "dense/range"));
  EXPECT_FALSE(value_after(RangeRule::Fixed, "dense/log2_scale"));
  EXPECT_FALSE(value_after(RangeRule::Fixed, "w/log2_scale"));
  EXPECT_FALSE(value_after(RangeRule::Learned, "y/log2_scale"));
  EXPECT_FALSE(value_after(RangeRule::Learned, "x/log2_scale"));
  EXPECT_TRUE(value_after(RangeRule::Moving, "x/range"));
}

TEST(FakeQuantization, DampedWeightsComeNearWhatTheyAreRoundedTo) {
  const Graph form = form_of(normalized_classifier(), {.weight_bits = 4}, RangeRule::Fixed);
  // The mean distance of the weights from what they are rounded to, after some steps.
  const auto distance = [&form](double damping) {
    auto trainer = Trainer::create(form, {.batch = 8, .damping = damping > 0}, 1);
    EXPECT_TRUE(trainer) << trainer.error().to_string();
    trainer->damp(damping);
    for (uint64_t step = 0; step < 20; ++step) EXPECT_TRUE(trainer->step(random_batch(8, step), 0.002));
    Graph after = form.clone();
    trainer->store_into(after);
    const Tensor rounded = (*evaluate(*after.find_value("w/rounded")->producer))[0];
    const auto weights = after.find_value("w")->data->values<float>();
    double sum = 0;
    for (size_t i = 0; i < weights.size(); ++i) sum += std::fabs(weights[i] - rounded.values<float>()[i]);
    return sum;
  };
  EXPECT_LT(distance(100), 0.5 * distance(0));
}

TEST(FakeQuantization, FrozenPartsStay) {
  for (const RangeRule rule : {RangeRule::Learned, RangeRule::Moving}) {
    const Graph form = form_of(normalized_classifier(), {}, rule);
    auto trainer = Trainer::create(form, {.batch = 8}, 1);
    ASSERT_TRUE(trainer);
    ASSERT_TRUE(trainer->step(random_batch(8, 1), 0.01));
    trainer->freeze(true, true);
    Graph frozen = form.clone(), later = form.clone();
    trainer->store_into(frozen);
    for (uint64_t step = 2; step < 5; ++step) ASSERT_TRUE(trainer->step(random_batch(8, step), 0.01));
    trainer->store_into(later);
    const auto stays = [&](const char* name) {
      const auto before = frozen.find_value(name)->data->bytes(), after = later.find_value(name)->data->bytes();
      return std::equal(before.begin(), before.end(), after.begin());
    };
    EXPECT_TRUE(stays("mean"));
    EXPECT_TRUE(stays("w/log2_scale"));
    EXPECT_TRUE(stays(rule == RangeRule::Learned ? "dense/log2_scale" : "dense/range"));
    EXPECT_FALSE(stays("w"));
    EXPECT_FALSE(stays("gamma"));
  }
}

TEST(FakeQuantization, GivenRangesStay) {
  const QuantConfig config{.fixed = {{"relu", {0, 5}}}};
  const Graph form = trained(form_of(normalized_classifier(), config, RangeRule::Learned));
  EXPECT_FLOAT_EQ(std::exp2(form.find_value("relu/log2_scale")->data->values<float>()[0]), 5.f / 255);
}

}  // namespace
}  // namespace pare
