#include "passes/passes.h"
#include "testing/passes.h"

namespace pare {
namespace {

using testing::check_pass;
using ::testing::ElementsAre;
using testing::ops_of;
using testing::random_tensor;

class ApplyWeightTransforms : public ::testing::Test {
 protected:
  Random random{1};
  GraphBuilder build;
  Value* x = build.input("x", {kDynamic, 4});
  Value* weights = build.constant("w", random_tensor({3, 4}, random));
  Value* mask = build.constant("mask", Tensor::vector<float>({1, 0, 1, 0, 0, 1, 0, 1, 1, 1, 0, 0}).reshaped({3, 4}));

  Value* masked(std::string name) { return build.op("mask_weights", {weights, mask}, {}, std::move(name)); }
  Value* dense(Value* w, std::string name) { return build.op("fully_connected", {x, w, nullptr}, {}, std::move(name)); }
};

TEST_F(ApplyWeightTransforms, WeightsKeepTheirPlaceAndName) {
  Graph graph = build.finish({dense(masked("w/masked"), "y")});
  EXPECT_EQ(check_pass(graph, apply_weight_transforms), 1u);
  EXPECT_THAT(ops_of(graph), ElementsAre("fully_connected"));
  const Value* read = graph.nodes()[0]->operand(1);
  EXPECT_EQ(read->name, "w");
  EXPECT_EQ(std::ranges::count(read->data->values<float>(), 0.f), 6);
  EXPECT_EQ(graph.find_value("mask"), nullptr);
}

TEST_F(ApplyWeightTransforms, OperatorsThatShareWeightsGoOnSharingThem) {
  Graph graph = build.finish({build.op("add", {dense(masked("a"), "first"), dense(masked("b"), "second")}, {}, "y")});
  EXPECT_EQ(check_pass(graph, apply_weight_transforms), 2u);
  EXPECT_EQ(graph.nodes()[0]->operand(1), graph.nodes()[1]->operand(1));
}

TEST_F(ApplyWeightTransforms, WhoReadsTheWeightsAsTheyWereStillDoes) {
  Graph graph = build.finish({build.op("add", {dense(masked("a"), "first"), dense(weights, "second")}, {}, "y")});
  EXPECT_EQ(check_pass(graph, apply_weight_transforms), 1u);
  EXPECT_EQ(std::ranges::count(graph.find_value("w")->data->values<float>(), 0.f), 0);
}

}  // namespace
}  // namespace pare
