#include "testing/passes.h"

#include "passes/passes.h"

namespace pare {
namespace {

using ::testing::ElementsAre;

TEST(SplitActivations, GivesEachAnOperatorBehindItsNode) {
  Graph graph = testing::parsed(R"(graph (%x: f32[1, 4, 4, 2]) {
    %w = constant f32[1, 1, 1, 2] (1, -1)
    %a = conv_2d(%x, %w) {activation = relu6}
    %b = add(%a, %x) {activation = tanh}
    %c = mul(%b, %a)
    return %b, %c
  })");
  EXPECT_EQ(testing::check_pass(graph, split_activations), 2u);
  EXPECT_THAT(testing::ops_of(graph), ElementsAre("conv_2d", "relu6", "add", "tanh", "mul"));
  EXPECT_EQ(graph.outputs[0]->name, "b");
}

}  // namespace
}  // namespace pare
