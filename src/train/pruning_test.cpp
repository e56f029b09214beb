#include "train/pruning.h"

#include <gmock/gmock.h>

#include "engine/evaluate.h"
#include "passes/passes.h"
#include "testing/graphs.h"

namespace pare {
namespace {

using ::testing::HasSubstr;
using testing::random_tensor;

// Two dense layers and a depthwise one.
Graph network_of() {
  Random random(1);
  GraphBuilder build;
  const auto constant = [&](std::string name, Shape shape) {
    return build.constant(std::move(name), random_tensor(std::move(shape), random, -1, 1));
  };
  Value* x = build.input("x", {kDynamic, 4, 4, 3});
  Value* blurred = build.op("depthwise_conv_2d", {x, constant("blur/w", {1, 3, 3, 3})}, {}, "blur");
  Value* hidden =
      build.op("fully_connected", {blurred, constant("first/w", {20, 48}), constant("first/b", {20})}, {}, "first");
  Value* scores =
      build.op("fully_connected", {hidden, constant("second/w", {3, 20}), constant("second/b", {3})}, {}, "second");
  return build.finish({build.op("softmax", {scores}, {}, "y")});
}

Batch batch_of(uint64_t seed) {
  Random random(seed);
  Batch batch;
  batch.inputs = {random_tensor({8, 4, 4, 3}, random, -1, 1)};
  batch.targets = Tensor(DType::Int32, {8});
  for (int32_t& label : batch.targets.mutable_values<int32_t>()) label = static_cast<int32_t>(random.below(3));
  batch.weights = Tensor(DType::Float32, {8});
  std::ranges::fill(batch.weights.mutable_values<float>(), 1.f);
  return batch;
}

PruningOptions to(double sparsity) {
  return {.schedule = {.final = sparsity, .every = 2}, .budget = SparsityBudget::Uniform};
}

// The network after so many steps of training under pruning.
Graph pruned_by(const PruningOptions& options, int64_t steps, Graph network = network_of()) {
  const auto pruned = insert_masks(network, options);
  if (!pruned) throw std::runtime_error(pruned.error().to_string());
  auto trainer = Trainer::create(network, {.batch = 8, .mask_statistic = statistic_for(options)}, 1);
  if (!trainer) throw std::runtime_error(trainer.error().to_string());
  const Pruner pruner(*pruned, options);
  for (int64_t step = 0; step < steps; ++step) {
    if (const auto found = pruner.before_step(*trainer, steps); !found)
      throw std::runtime_error(found.error().to_string());
    if (const auto loss = trainer->step(batch_of(static_cast<uint64_t>(step)), 0.01); !loss)
      throw std::runtime_error(loss.error().to_string());
  }
  trainer->store_into(network);
  return network;
}

double sparsity_of(const Graph& network, std::string_view constant) {
  return pare::sparsity_of(*network.find_value(std::string(constant))->data);
}

TEST(Pruning, MasksComeToTheirSparsity) {
  Graph network = pruned_by(to(0.8), 20);
  EXPECT_DOUBLE_EQ(sparsity_of(network, "first/w/mask"), 0.8);
  EXPECT_DOUBLE_EQ(sparsity_of(network, "second/w/mask"), 0.8);
  EXPECT_EQ(network.find_value("blur/w/mask"), nullptr);
  ASSERT_TRUE(apply_weight_transforms(network, evaluate));
  EXPECT_DOUBLE_EQ(sparsity_of(network, "first/w"), 0.8);
  EXPECT_EQ(sparsity_of(network, "first/b"), 0);
  for (const auto& node : network.nodes()) EXPECT_FALSE(node->is("mask_weights"));
}

TEST(Pruning, TheSmallestGoAtTheSteps) {
  const PruningOptions at_once{.schedule = {.course = SparsityCourse::Constant, .final = 0.5, .end = 0},
                               .budget = SparsityBudget::Uniform};
  const Graph before = network_of();
  const Graph network = pruned_by(at_once, 1);
  const auto scores = magnitudes(*before.find_value("first/w")->data);
  const auto expected = mask_of({{20, 48}, scores}, 0.5);
  EXPECT_TRUE(*network.find_value("first/w/mask")->data == *expected);
}

TEST(Pruning, MasksOfAnEarlierStepAreTakenUp) {
  Graph once = pruned_by(to(0.5), 20);
  const size_t nodes = once.nodes().size();
  const Graph twice = pruned_by(to(0.9), 20, std::move(once));
  EXPECT_EQ(twice.nodes().size(), nodes);
  EXPECT_DOUBLE_EQ(sparsity_of(twice, "first/w/mask"), 0.9);
}

// Weights are far apart, and only gradients tell which of them matter.
TEST(Pruning, CriteriaLookAtGradients) {
  std::vector<Tensor> masks;
  for (const PruningCriterion criterion :
       {PruningCriterion::Magnitude, PruningCriterion::Movement, PruningCriterion::Fisher}) {
    PruningOptions options = to(0.5);
    options.criterion = criterion;
    masks.push_back(*pruned_by(options, 12).find_value("first/w/mask")->data);
    EXPECT_DOUBLE_EQ(pare::sparsity_of(masks.back()), 0.5);
  }
  EXPECT_FALSE(masks[0] == masks[1]);
  EXPECT_FALSE(masks[0] == masks[2]);
  EXPECT_FALSE(masks[1] == masks[2]);
}

// One weight whose input is always 0 has no gradient, however large it is.
TEST(Pruning, FisherTakesWhatTheLossDoesNotDependOn) {
  GraphBuilder build;
  Value* x = build.input("x", {kDynamic, 4});
  Value* w = build.constant("w", Tensor::of<float>({2, 4}, {9, 0.3f, 0.2f, 0.4f, 9, 0.2f, 0.3f, 0.5f}));
  Graph network = build.finish({build.op("fully_connected", {x, w, nullptr}, {}, "y")});
  PruningOptions options{.schedule = {.final = 0.25, .every = 2},
                         .budget = SparsityBudget::Uniform,
                         .criterion = PruningCriterion::Fisher};
  const auto pruned = insert_masks(network, options);
  ASSERT_TRUE(pruned);
  auto trainer = Trainer::create(network, {.batch = 2, .mask_statistic = statistic_for(options)}, 1);
  ASSERT_TRUE(trainer) << trainer.error().to_string();
  const Pruner pruner(*pruned, options);
  for (int64_t step = 0; step < 8; ++step) {
    ASSERT_TRUE(pruner.before_step(*trainer, 8));
    ASSERT_TRUE(trainer->step({.inputs = {Tensor::of<float>({2, 4}, {0, 1, 2, -1, 0, -2, 1, 1})},
                               .targets = Tensor::vector<int32_t>({0, 1}),
                               .weights = Tensor::vector<float>({1, 1})},
                              0.001));
  }
  trainer->store_into(network);
  const auto mask = network.find_value("w/mask")->data->values<float>();
  EXPECT_EQ(mask[0], 0);
  EXPECT_EQ(mask[4], 0);
  EXPECT_EQ(std::ranges::count(mask, 0.f), 2);
}

TEST(Pruning, RiglKeepsTheCountWhileWeightsChangePlaces) {
  PruningOptions options{.schedule = {.course = SparsityCourse::Rigl, .final = 0.75, .end = 0.75, .every = 3},
                         .budget = SparsityBudget::Erk};
  const Graph first = pruned_by(options, 1), last = pruned_by(options, 24);
  const Tensor &before = *first.find_value("first/w/mask")->data, &after = *last.find_value("first/w/mask")->data;
  EXPECT_EQ(pare::sparsity_of(before), pare::sparsity_of(after));
  EXPECT_FALSE(before == after);
  options.pattern = {.n = 2, .m = 4};
  options.schedule.final = 0.5;
  Graph network = network_of();
  EXPECT_THAT(insert_masks(network, options).error().message, HasSubstr("leave out blocks and N:M"));
}

TEST(Pruning, PatternsChoose) {
  PruningOptions options = to(0.5);
  options.choice.include = {"blur"};
  const Graph depthwise = pruned_by(options, 4);
  EXPECT_NEAR(sparsity_of(depthwise, "blur/w/mask"), 0.5, 0.02);
  EXPECT_EQ(depthwise.find_value("first/w/mask"), nullptr);
  options = to(0.5);
  options.choice.exclude = {"sec*"};
  EXPECT_EQ(pruned_by(options, 4).find_value("second/w/mask"), nullptr);
}

TEST(Pruning, NothingAndEverything) {
  EXPECT_EQ(sparsity_of(pruned_by(to(0), 4), "first/w/mask"), 0);
  EXPECT_EQ(sparsity_of(pruned_by(to(1), 4), "first/w/mask"), 1);
}

TEST(Pruning, SaysWhatDoesNotFit) {
  Graph network = network_of();
  PruningOptions options = to(0.5);
  options.choice.include = {"third"};
  EXPECT_THAT(insert_masks(network, options).error().message, HasSubstr("no operator with weights is called 'third'"));
  options = to(0.5);
  options.choice.exclude = {"*"};
  EXPECT_THAT(insert_masks(network, options).error().message, HasSubstr("nothing to prune"));
  options = to(0.5);
  options.pattern.block = {1, 2, 3};
  EXPECT_THAT(insert_masks(network, options).error().to_string(), HasSubstr("the weights [20, 48] have 2 axes"));
}

TEST(Pruning, FrozenWeightsAreNotPruned) {
  Graph network = network_of();
  const auto pruned = insert_masks(network, to(0.5));
  auto trainer =
      Trainer::create(network, {.batch = 8, .is_frozen = [](const Node& node) { return node.name == "first"; }}, 1);
  EXPECT_THAT(Pruner(*pruned, to(0.5)).before_step(*trainer, 10).error().message,
              HasSubstr("the weights 'first' are pruned, but frozen"));
}

}  // namespace
}  // namespace pare
