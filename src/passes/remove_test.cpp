#include "ir/builder.h"
#include "ops/conv_2d.h"
#include "passes/passes.h"
#include "testing/passes.h"

namespace pare {
namespace {

using testing::check_pass;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::ops_of;
using testing::random_tensor;

class Remove : public ::testing::Test {
 protected:
  Random random{1};
  GraphBuilder build;
  Value* ints(std::string name, const std::vector<int32_t>& values) {
    return build.constant(std::move(name), Tensor::vector(values));
  }
  Value* relu(Value* src, std::string name) { return build.op("relu", {src}, {}, std::move(name)); }
};

TEST_F(Remove, DeadNodes) {
  Value* x = build.input("x", {kDynamic, 4});
  Value* y = relu(x, "y");
  relu(y, "unused");
  Graph graph = build.finish({y});
  EXPECT_GT(check_pass(graph, remove_dead), 0u);
  EXPECT_THAT(ops_of(graph), ElementsAre("relu"));
}

TEST_F(Remove, ReshapeToTheSameShape) {
  Value* y = build.op("reshape", {relu(build.input("x", {kDynamic, 4}), "r"), ints("shape", {-1, 4})}, {}, "y");
  Graph graph = build.finish({build.op("abs", {y}, {}, "z")});
  EXPECT_GE(check_pass(graph, remove_identities), 1u);
  EXPECT_THAT(ops_of(graph), ElementsAre("relu", "abs"));
}

TEST_F(Remove, AnIdentityThatIsAnOutputHandsItsNameOn) {
  Value* y = build.op("reshape", {relu(build.input("x", {kDynamic, 4}), "r"), ints("shape", {-1, 4})}, {}, "y");
  Graph graph = build.finish({y});
  EXPECT_GE(check_pass(graph, remove_identities), 1u);
  EXPECT_THAT(ops_of(graph), ElementsAre("relu"));
}

TEST_F(Remove, AnIdentityBetweenInputAndOutputStays) {
  Graph graph = build.finish({build.op("reshape", {build.input("x", {kDynamic, 4}), ints("shape", {-1, 4})}, {}, "y")});
  EXPECT_EQ(check_pass(graph, remove_identities), 0u);
}

TEST_F(Remove, TransposesThatCancelAndPadsByNothing) {
  Value* x = build.input("x", {kDynamic, 2, 3, 4});
  Value* there = build.op("transpose", {x, ints("p", {0, 3, 1, 2})}, {}, "there");
  Value* back = build.op("transpose", {there, ints("q", {0, 2, 3, 1})}, {}, "back");
  Value* padded = build.op("pad", {back, build.constant("n", Tensor(DType::Int32, {4, 2}))}, {}, "padded");
  Graph graph = build.finish({relu(padded, "y")});
  EXPECT_GE(check_pass(graph, remove_identities), 2u);
  EXPECT_THAT(ops_of(graph), ElementsAre("relu"));
}

TEST_F(Remove, ViewsInARow) {
  Value* x = relu(build.input("x", {kDynamic, 2, 3, 4}), "r");
  Value* flat = build.op("reshape", {x, ints("a", {-1, 24})}, {}, "flat");
  Graph graph = build.finish({build.op("reshape", {flat, ints("b", {-1, 6, 4})}, {}, "y")});
  EXPECT_GE(check_pass(graph, remove_identities), 1u);
  EXPECT_THAT(ops_of(graph), ElementsAre("relu", "reshape"));
}

TEST_F(Remove, AClipOfWhatIsClipped) {
  Value* conv = build.op(
      "conv_2d", {build.input("x", {kDynamic, 6, 6, 3}), build.constant("w", random_tensor({4, 3, 3, 3}, random))},
      Conv2dAttributes{.activation = Activation::Relu6}, "conv");
  Graph graph = build.finish({relu(conv, "y")});
  EXPECT_EQ(check_pass(graph, remove_identities), 1u);
  EXPECT_THAT(ops_of(graph), ElementsAre("conv_2d"));
}

TEST_F(Remove, ConstantsFold) {
  Value* x = build.input("x", {kDynamic, 2});
  Value* sum = build.op(
      "add", {build.constant("a", Tensor::vector<float>({1, 2})), build.constant("b", Tensor::vector<float>({3, 4}))},
      {}, "sum");
  Value* squared = build.op("mul", {sum, sum}, {}, "squared");
  Graph graph = build.finish({build.op("add", {x, squared}, {}, "y")});
  EXPECT_EQ(check_pass(graph, fold_constants), 2u);
  EXPECT_THAT(ops_of(graph), ElementsAre("add"));
}

TEST_F(Remove, FoldingKeepsStoredWeightsAndRestoringTurnsThemIntoFloat) {
  Value* x = build.input("x", {kDynamic, 2});
  Value* stored = build.constant("w", Tensor::of<int8_t>({1, 2}, {3, -4}), Quantization::per_tensor(0.5f));
  Value* weights = build.op("dequantize", {stored}, {}, "w_f32");
  Graph graph = build.finish({build.op("fully_connected", {x, weights}, {}, "y")});
  EXPECT_EQ(check_pass(graph, fold_constants), 0u);
  EXPECT_EQ(check_pass(graph, restore_weights), 1u);
  EXPECT_THAT(ops_of(graph), ElementsAre("fully_connected"));
}

TEST_F(Remove, EqualConstantsAndExpressionsMerge) {
  Value* x = build.input("x", {kDynamic, 2});
  Value* a = build.op("add", {x, build.constant("one", Tensor::vector<float>({1, 1}))}, {}, "a");
  Value* b = build.op("add", {x, build.constant("eins", Tensor::vector<float>({1, 1}))}, {}, "b");
  Graph graph = build.finish({build.op("mul", {a, b}, {}, "y")});
  EXPECT_EQ(check_pass(graph, merge_common_subexpressions), 0u);
  EXPECT_EQ(check_pass(graph, merge_equal_constants), 1u);
  EXPECT_EQ(check_pass(graph, merge_common_subexpressions), 1u);
  EXPECT_THAT(ops_of(graph), ElementsAre("add", "mul"));
}

TEST_F(Remove, SeparateConstantsGivesEachUseItsOwn) {
  Value* x = build.input("x", {kDynamic, 2});
  Value* one = build.constant("one", Tensor::vector<float>({1, 1}));
  Value* a = build.op("add", {x, one}, {}, "a");
  Graph graph = build.finish({build.op("mul", {a, one}, {}, "y")});
  EXPECT_EQ(check_pass(graph, separate_constants), 1u);
  EXPECT_NE(graph.nodes()[0]->operand(1), graph.nodes()[1]->operand(1));
  EXPECT_TRUE(graph.nodes()[0]->operand(1)->data->shares_bytes_with(*graph.nodes()[1]->operand(1)->data));
}

}  // namespace
}  // namespace pare
