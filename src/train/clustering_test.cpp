#include "train/clustering.h"

#include <gmock/gmock.h>

#include <cmath>
#include <set>

#include "engine/evaluate.h"
#include "passes/passes.h"
#include "passes/pipeline.h"
#include "testing/graphs.h"
#include "train/pruning.h"
#include "train/weight_transforms.h"

namespace pare {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::random_tensor;

// A convolution with a batch normalisation, some of whose factors are negative, and a dense layer.
Graph network_of() {
  Random random(1);
  GraphBuilder build;
  const auto constant = [&](std::string name, Shape shape, float low = -1) {
    return build.constant(std::move(name), random_tensor(std::move(shape), random, low, 1));
  };
  Value* x = build.input("x", {kDynamic, 6, 6, 3});
  Value* hidden = build.op("conv_2d", {x, constant("conv/w", {8, 3, 3, 3}), nullptr}, {}, "conv");
  Value* normal = build.op(
      "batch_normalization",
      {hidden, constant("gamma", {8}), constant("beta", {8}), constant("mean", {8}), constant("variance", {8}, 0.1f)},
      {}, "normal");
  Value* flat = build.op("mean", {normal, build.constant("axes", Tensor::vector<int32_t>({1, 2}))}, {}, "mean");
  Value* scores =
      build.op("fully_connected", {flat, constant("dense/w", {3, 8}), constant("dense/b", {3})}, {}, "dense");
  return build.finish({build.op("softmax", {scores}, {}, "y")});
}

Batch batch_of(uint64_t seed) {
  Random random(seed);
  Batch batch;
  batch.inputs = {random_tensor({8, 6, 6, 3}, random, -1, 1)};
  batch.targets = Tensor(DType::Int32, {8});
  for (int32_t& label : batch.targets.mutable_values<int32_t>()) label = static_cast<int32_t>(random.below(3));
  batch.weights = Tensor(DType::Float32, {8});
  std::ranges::fill(batch.weights.mutable_values<float>(), 1.f);
  return batch;
}

std::set<float> values_of(const Tensor& tensor) {
  return {tensor.values<float>().begin(), tensor.values<float>().end()};
}

std::vector<ClusteredWeights> clustered(Graph& network, const ClusteringOptions& options) {
  auto made = insert_codebooks(network, options, 1);
  if (!made) throw std::runtime_error(made.error().to_string());
  return *made;
}

Tensor weights_of(const Graph& network, const char* name) { return *transformed(*network.find_value(name)); }

TEST(InsertCodebooks, GivesEachTensorSoManyValues) {
  Graph network = network_of();
  const auto made = clustered(network, {.codebook = {.clusters = 4}});
  ASSERT_EQ(made.size(), 2u);
  EXPECT_EQ(made[0].layer, "conv");
  EXPECT_EQ(values_of(weights_of(network, "conv/w/clustered")).size(), 4u);
  EXPECT_EQ(values_of(weights_of(network, "dense/w/clustered")).size(), 4u);
  EXPECT_EQ(codebooks_of(network).size(), 2u);
}

TEST(InsertCodebooks, TakesBiasesOnRequest) {
  Graph network = network_of();
  const auto made = clustered(network, {.codebook = {.clusters = 2}, .choice = {.include = {"dense"}}, .biases = true});
  ASSERT_EQ(made.size(), 2u);
  EXPECT_EQ(made[1].weights, "dense/b");
  EXPECT_EQ(values_of(weights_of(network, "dense/b/clustered")).size(), 2u);
  EXPECT_EQ(network.find_value("conv/w/clustered"), nullptr);
}

TEST(InsertCodebooks, KeepsWhatIsMasked) {
  Graph network = network_of();
  ASSERT_TRUE(insert_masks(network, {.choice = {.include = {"conv"}}}));
  network.find_value("conv/w/mask")->data->mutable_values<float>()[5] = 0;
  clustered(network, {.codebook = {.clusters = 4}});
  const Tensor weights = weights_of(network, "conv/w/clustered");
  EXPECT_EQ(weights.values<float>()[5], 0);
  EXPECT_EQ(std::ranges::count(weights.values<float>(), 0.f), 1);
  EXPECT_EQ(values_of(weights).size(), 4u) << "zero is one of them";
}

// The integers of 8 bits that each layer has behind folding, where factors have any sign.
std::vector<std::set<int>> integers_of(CodebookScope scope) {
  Graph network = network_of();
  clustered(network, {.codebook = {.clusters = 4, .scope = scope}});
  Graph deployed = network.clone();
  EXPECT_TRUE(run_pipeline(deployed, Pipeline::Canonical, [](const Node& node) { return evaluate(node); }));
  const auto known = clustered_parameters(network, deployed, {});
  EXPECT_TRUE(known) << known.error().to_string();
  std::vector<std::set<int>> integers;
  for (const auto& node : deployed.nodes()) {
    const auto found = known->weights.find(node->result()->name);
    if (found == known->weights.end()) continue;
    const std::vector<float>& largest = found->second.largest_codes;
    const auto weights = node->operand(1)->data->values<float>();
    const size_t of_channel = weights.size() / largest.size();
    std::set<int>& codes = integers.emplace_back();
    for (size_t channel = 0; channel < largest.size(); ++channel) {
      const auto values = weights.subspan(channel * of_channel, of_channel);
      float top = 0;
      for (const float each : values) top = std::max(top, std::abs(each));
      for (const float each : values) codes.insert(static_cast<int>(std::lround(each / top * largest[channel])));
    }
  }
  EXPECT_EQ(integers.size(), 2u);
  return integers;
}

TEST(InsertCodebooks, FewValuesAreLeftAsIntegersBehindFolding) {
  for (const std::set<int>& codes : integers_of(CodebookScope::Integer)) EXPECT_LE(codes.size(), 4u);
}

TEST(InsertCodebooks, LayersOfOneCodebookHaveTheSameIntegers) {
  std::set<int> all;
  for (const std::set<int>& codes : integers_of(CodebookScope::Network)) all.insert(codes.begin(), codes.end());
  EXPECT_LE(all.size(), 4u);
}

TEST(SettleCentroids, TheyBecomeIntegersOfTheLargest) {
  Graph network = network_of();
  const auto made = clustered(network, {.codebook = {.clusters = 5, .scope = CodebookScope::Network}});
  settle_centroids(network, {});
  const auto centroids = network.find_value(made[0].codebook)->producer->operand(1)->data->values<float>();
  float largest = 0;
  for (const float each : centroids) largest = std::max(largest, std::abs(each));
  for (const float each : centroids) {
    const float code = each / largest * 127;
    EXPECT_NEAR(code, std::round(code), 1e-4f);
  }
}

TEST(InsertCodebooks, RefusesWhatMakesNoSense) {
  Graph network = network_of();
  EXPECT_EQ(insert_codebooks(network, {.codebook = {.clusters = 0}}, 1).error().code, ErrorCode::Usage);
  EXPECT_THAT(insert_codebooks(network, {.choice = {.exclude = {"*"}}}, 1).error().message,
              HasSubstr("there is nothing to cluster"));
  ASSERT_TRUE(insert_masks(network, {}));
  const auto none = insert_codebooks(network, {.codebook = {.clusters = 1}}, 1);
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().to_string(), HasSubstr("ask for at least 2"));
}

struct Trained {
  Graph network;
  Tensor codes_before;
};

bool is_none(const Node&) { return false; }

Trained trained(const ClusteringOptions& options, int64_t steps, bool (*is_frozen)(const Node&) = is_none,
                Graph network = network_of()) {
  const auto made = clustered(network, options);
  std::set<std::string> soft;
  if (options.assignment == ClusterAssignment::Soft)
    for (const ClusteredWeights& each : made) soft.insert(each.weights);
  Tensor before = own_copy(*network.find_value("conv/w/codes")->data);
  auto trainer = Trainer::create(network, {.batch = 8, .soft_clusters = soft, .is_frozen = is_frozen}, 1);
  if (!trainer) throw std::runtime_error(trainer.error().to_string());
  const Clusterer clusterer(network, made, options);
  for (int64_t step = 0; step < steps; ++step) {
    if (!clusterer.before_step(*trainer, steps) || !trainer->step(batch_of(static_cast<uint64_t>(step)), 0.02))
      throw std::runtime_error("the step failed");
  }
  trainer->store_into(network);
  return {std::move(network), std::move(before)};
}

int64_t moved(const Trained& done) {
  const auto before = done.codes_before.values<int32_t>();
  const auto after = done.network.find_value("conv/w/codes")->data->values<int32_t>();
  int64_t count = 0;
  for (size_t i = 0; i < before.size(); ++i) count += before[i] != after[i];
  return count;
}

TEST(Clusterer, WeightsFindOtherCentroids) {
  const Trained done = trained({.codebook = {.clusters = 6}, .every = 5, .freeze = 1}, 40);
  EXPECT_GT(moved(done), 0);
  EXPECT_LE(values_of(weights_of(done.network, "conv/w/clustered")).size(), 6u);
}

TEST(Clusterer, LeavesCodesThatAreFrozen) {
  const Trained done = trained({.codebook = {.clusters = 6}, .every = 0}, 20);
  EXPECT_EQ(moved(done), 0);
  EXPECT_NE(values_of(weights_of(done.network, "conv/w/clustered")), values_of(weights_of(
                                                                         [] {
                                                                           Graph network = network_of();
                                                                           clustered(network,
                                                                                     {.codebook = {.clusters = 6}});
                                                                           return network;
                                                                         }(),
                                                                         "conv/w/clustered")))
      << "centroids learn all the same";
}

TEST(Clusterer, FollowsMasks) {
  Graph network = network_of();
  const auto made = clustered(network, {.codebook = {.clusters = 4}});
  ASSERT_TRUE(insert_masks(network, {}));
  auto trainer = Trainer::create(network, {.batch = 8}, 1);
  ASSERT_TRUE(trainer) << trainer.error().to_string();
  const Clusterer clusterer(network, made, {});
  trainer->carried("conv/w/mask")->mutable_values<float>()[7] = 0;
  ASSERT_TRUE(clusterer.assign(*trainer));
  EXPECT_EQ(trainer->carried("conv/w/codes")->values<int32_t>()[7], kZeroCode);
  trainer->carried("conv/w/mask")->mutable_values<float>()[7] = 1;
  ASSERT_TRUE(clusterer.assign(*trainer));
  EXPECT_GE(trainer->carried("conv/w/codes")->values<int32_t>()[7], 0) << "weights return";
}

constexpr ClusterAssignment kSoft = ClusterAssignment::Soft;

// Weights whose code is not that of the nearest centroid.
int64_t count_far(const Node& codebook, const Tensor& weights) {
  const auto& attributes = codebook.attrs<ClusterWeightsAttributes>();
  const auto codes = codebook.operand(2)->data->values<int32_t>();
  std::vector<int32_t> nearest(codes.begin(), codes.end());
  std::span<const float> scales;
  if (codebook.operand(3) != nullptr) scales = codebook.operand(3)->data->values<float>();
  assign_codes(weights.values<float>(), codebook.operand(1)->data->values<float>(),
               {weights.shape(), static_cast<int>(attributes.axis), attributes.by_channel, scales}, nearest);
  int64_t far = 0;
  for (size_t i = 0; i < codes.size(); ++i) far += codes[i] != nearest[i];
  return far;
}

TEST(SoftClusters, EndAsTheNearestOfFewValues) {
  for (const CodebookScope scope : {CodebookScope::Tensor, CodebookScope::Channel, CodebookScope::Integer}) {
    const Trained done = trained({.codebook = {.clusters = 4, .scope = scope}, .assignment = kSoft}, 60);
    const Node& codebook = *done.network.find_value("conv/w/clustered")->producer;
    EXPECT_EQ(values_in_table(codebook), 4);
    EXPECT_GT(moved(done), 0);
    // The last step moved weights a little after it had found the nearest.
    EXPECT_LE(count_far(codebook, *done.network.find_value("conv/w")->data), 4) << to_string(scope);
  }
}

TEST(SoftClusters, LearnFromSamples) {
  const auto loss_after = [](int64_t steps) {
    const Trained done = trained({.codebook = {.clusters = 2}, .assignment = kSoft}, steps);
    auto trainer = Trainer::create(done.network, {.batch = 8}, 1);
    float sum = 0;
    for (uint64_t step = 0; step < 20; ++step) sum += *trainer->step(batch_of(step), 0);
    return sum;
  };
  EXPECT_LT(loss_after(100), 0.8f * loss_after(0)) << "with the nearest values, not the shares";
}

TEST(SoftClusters, KeepZerosOutOfMeans) {
  Graph network = network_of();
  ASSERT_TRUE(insert_masks(network, {.choice = {.include = {"conv"}}}));
  const auto kept = network.find_value("conv/w/mask")->data->mutable_values<float>();
  for (size_t i = 0; i < kept.size(); i += 2) kept[i] = 0;
  const Trained done = trained({.codebook = {.clusters = 3}, .assignment = kSoft}, 40, is_none, std::move(network));
  const Tensor weights = weights_of(done.network, "conv/w/clustered");
  EXPECT_EQ(std::ranges::count(weights.values<float>(), 0.f), 108);
  EXPECT_EQ(values_of(weights).size(), 3u) << "zero is one of them";
  for (const float value : values_of(weights)) EXPECT_TRUE(value == 0 || std::abs(value) > 0.3f) << value;
}

TEST(SoftClusters, LeaveFrozenLayersAlone) {
  const Trained done = trained({.codebook = {.clusters = 4}, .assignment = kSoft}, 20,
                               [](const Node& node) { return node.name == "conv"; });
  Graph before = network_of();
  clustered(before, {.codebook = {.clusters = 4}});
  const auto values = [](const Graph& network, const char* name) { return values_of(weights_of(network, name)); };
  EXPECT_EQ(moved(done), 0);
  EXPECT_EQ(values(done.network, "conv/w/clustered"), values(before, "conv/w/clustered"));
  EXPECT_NE(values(done.network, "dense/w/clustered"), values(before, "dense/w/clustered"));
}

TEST(SoftClusters, CoolToAHundredth) {
  EXPECT_DOUBLE_EQ(cluster_temperature_at(0.2, 0, 10), 0.2);
  EXPECT_DOUBLE_EQ(cluster_temperature_at(0.2, 5, 10), 0.02);
  EXPECT_DOUBLE_EQ(cluster_temperature_at(0.2, 10, 10), 0.002);
}

TEST(SoftClusters, RefuseWhatIsNoMeanOfShares) {
  Graph network = network_of();
  const auto message = [&](const CodebookOptions& codebook) {
    return insert_codebooks(network, {.codebook = codebook, .assignment = kSoft}, 1).error().message;
  };
  EXPECT_THAT(message({.clusters = 300}), HasSubstr("at most 256 were expected"));
  EXPECT_THAT(message({.scope = CodebookScope::Network}), HasSubstr("the scope 'integer' was expected"));
}

}  // namespace
}  // namespace pare
