#include "ir/builder.h"
#include "passes/passes.h"
#include "testing/passes.h"

namespace pare {
namespace {

using testing::check_pass;
using testing::random_tensor;

TEST(AddBiases, GivesZerosWhereThereIsNoBias) {
  Random random(1);
  GraphBuilder build;
  Value* conv = build.op(
      "conv_2d", {build.input("x", {kDynamic, 6, 6, 3}), build.constant("w", random_tensor({5, 3, 3, 3}, random))}, {},
      "conv");
  Value* dense =
      build.op("fully_connected",
               {build.op("mean", {conv, build.constant("axes", Tensor::vector<int32_t>({1, 2}))}),
                build.constant("v", random_tensor({4, 5}, random)), build.constant("b", random_tensor({4}, random))},
               {}, "dense");
  Graph graph = build.finish({dense});
  EXPECT_EQ(check_pass(graph, add_biases), 1u);
  const Value* added = conv->producer->operand(2);
  ASSERT_NE(added, nullptr);
  EXPECT_THAT(to_floats(*added->data), ::testing::ElementsAre(0, 0, 0, 0, 0));
}

TEST(AddBiases, NotToWeightsComputedWhileRunning) {
  GraphBuilder build;
  Graph graph = build.finish({build.op("conv_2d", {build.input("x", {1, 6, 6, 3}), build.input("w", {5, 3, 3, 3})})});
  EXPECT_EQ(check_pass(graph, add_biases), 0u);
}

}  // namespace
}  // namespace pare
