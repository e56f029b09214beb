#include "ir/builder.h"
#include "ops/activations.h"
#include "ops/normalization.h"
#include "passes/passes.h"
#include "testing/passes.h"

namespace pare {
namespace {

using testing::check_pass;
using testing::random_tensor;

void expect_all_in_tflite(const Graph& graph) {
  for (const auto& node : graph.nodes()) EXPECT_TRUE(node->op().in_tflite) << describe(*node);
}

class Expand : public ::testing::Test {
 protected:
  Random random{1};
  GraphBuilder build;
  Value* constant(std::string name, Shape shape, float low = -1, float high = 1) {
    return build.constant(std::move(name), random_tensor(std::move(shape), random, low, high));
  }
};

class ExpandActivation : public ::testing::TestWithParam<std::string> {};
TEST_P(ExpandActivation, KeepsNumbers) {
  GraphBuilder build;
  Graph graph = build.finish({build.op(GetParam(), {build.input("x", {kDynamic, 50})}, {}, "y")});
  EXPECT_EQ(check_pass(graph, expand_activations), 1u);
  expect_all_in_tflite(graph);
}
INSTANTIATE_TEST_SUITE_P(All, ExpandActivation,
                         ::testing::Values("erf", "hard_sigmoid", "mish", "selu", "softplus", "softsign", "swish"));

TEST_F(Expand, BatchNormalization) {
  Graph graph = build.finish({build.op("batch_normalization",
                                       {build.input("x", {kDynamic, 3, 4}), constant("g", {4}), constant("b", {4}),
                                        constant("m", {4}), constant("v", {4}, 0.1f, 2)},
                                       {}, "y")});
  EXPECT_EQ(check_pass(graph, expand_batch_normalization), 1u);
  expect_all_in_tflite(graph);
}

TEST_F(Expand, LayerNormalizationOverOneAndSeveralDimensions) {
  for (const int64_t axis : {-1, 1}) {
    const Shape normalised = axis == -1 ? Shape{6} : Shape{5, 6};
    Value* x = build.input("x", {kDynamic, 5, 6});
    Graph graph =
        build.finish({build.op("layer_normalization", {x, constant("g", normalised), constant("b", normalised)},
                               LayerNormalizationAttributes{.axis = axis}, "y")});
    EXPECT_EQ(check_pass(graph, expand_normalizations), 1u);
    expect_all_in_tflite(graph);
  }
}

TEST_F(Expand, GroupNormalization) {
  Value* x = build.input("x", {kDynamic, 4, 5, 6});
  Graph graph = build.finish({build.op("group_normalization", {x, constant("g", {6}), nullptr},
                                       GroupNormalizationAttributes{.groups = 3}, "y")});
  EXPECT_EQ(check_pass(graph, expand_normalizations), 1u);
  expect_all_in_tflite(graph);
}

}  // namespace
}  // namespace pare
