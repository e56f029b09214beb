#include "train/kept_structure.h"

#include <gmock/gmock.h>

#include <set>

#include "testing/graphs.h"
#include "train/clustering.h"
#include "train/pruning.h"
#include "train/weight_transforms.h"

namespace pare {
namespace {

using testing::random_tensor;

// Dense layers of 8 channels: zeros in the first, few values in the second, few in each channel of the third, nothing in the fourth.
Graph network_of() {
  Random random(1);
  const auto tensor = [&](auto&& value) {
    Tensor made(DType::Float32, {8, 64});
    for (int64_t i = 0; i < 512; ++i) made.mutable_values<float>()[static_cast<size_t>(i)] = value(i);
    return made;
  };
  GraphBuilder build;
  Value* x = build.input("x", {kDynamic, 64});
  const auto dense = [&](const std::string& name, Tensor weights) {
    return build.op("fully_connected", {x, build.constant(name + "/w", std::move(weights)), nullptr}, {}, name);
  };
  Value* zeros = dense("zeros", tensor([&](int64_t i) { return i % 3 == 0 ? 0.f : random.normal(); }));
  Value* few = dense("few", tensor([](int64_t i) { return static_cast<float>(i % 7 - 3); }));
  Value* channels =
      dense("channels",
            tensor([](int64_t i) { return static_cast<float>(i % 5 + 1) * (1 + static_cast<float>(i / 64) * 0.37f); }));
  Value* none = dense("none", tensor([&](int64_t) { return random.normal(); }));
  return build.finish({zeros, few, channels, none});
}

const Node* transform_of(const Graph& network, const char* layer, WeightTransform kind) {
  return chain_node(network.find_value(layer)->producer->operand(1), kind);
}

TEST(KeepStructure, FindsZerosAndFewValuesWhereTheyAre) {
  const Graph before = network_of();
  Graph network = network_of();
  ASSERT_TRUE(keep_structure(network, {Kept::Zeros, Kept::Clusters}));
  EXPECT_NE(transform_of(network, "zeros", WeightTransform::Mask), nullptr);
  EXPECT_EQ(transform_of(network, "zeros", WeightTransform::Codebook), nullptr);
  const Node* few = transform_of(network, "few", WeightTransform::Codebook);
  ASSERT_NE(few, nullptr);
  EXPECT_EQ(few->operand(1)->type.shape[0], 6) << "and zero";
  const Node* channels = transform_of(network, "channels", WeightTransform::Codebook);
  ASSERT_NE(channels, nullptr);
  EXPECT_EQ(channels->operand(1)->type.shape[0], 8 * 5);
  EXPECT_EQ(transform_of(network, "none", WeightTransform::Mask), nullptr);
  EXPECT_EQ(transform_of(network, "none", WeightTransform::Codebook), nullptr);
  for (const char* layer : {"zeros", "few", "channels", "none"}) {
    const auto was = before.find_value(layer)->producer->operand(1)->data->values<float>();
    const Tensor is = *transformed(*network.find_value(layer)->producer->operand(1));
    EXPECT_TRUE(std::ranges::equal(was, is.values<float>())) << layer;
  }
}

TEST(KeepStructure, KeepsWhatIsAskedForAlone) {
  Graph network = network_of();
  ASSERT_TRUE(keep_structure(network, {Kept::Zeros}));
  EXPECT_EQ(transform_of(network, "few", WeightTransform::Codebook), nullptr);
  EXPECT_NE(transform_of(network, "few", WeightTransform::Mask), nullptr);
  Graph untouched = network_of();
  ASSERT_TRUE(keep_structure(untouched, {}));
  EXPECT_EQ(untouched.nodes().size(), 4u);
}

TEST(KeepStructure, LeavesChainsThatAreThere) {
  Graph network = network_of();
  ASSERT_TRUE(insert_codebooks(network, {.codebook = {.clusters = 3}}, 1));
  ASSERT_TRUE(keep_structure(network, {Kept::Clusters}));
  EXPECT_LE(transform_of(network, "few", WeightTransform::Codebook)->operand(1)->type.shape[0], 3);
}

}  // namespace
}  // namespace pare
