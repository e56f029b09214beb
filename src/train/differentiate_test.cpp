#include "train/differentiate.h"

#include "testing/numeric_gradient.h"

namespace pare {
namespace {

using ::testing::HasSubstr;
using testing::parsed;

TEST(Differentiate, AddsContributionsOfSeveralUses) {
  // x^2 * x + x, along a path of its own each.
  testing::GradientCase given{parsed(R"(graph (%x: f32[3]) {
    %square = square(%x)
    %cube = mul(%square, %x)
    %y = add(%cube, %x)
    return %y
  })"),
                              {}};
  Random random(1);
  given.inputs = {testing::random_tensor({3}, random)};
  EXPECT_LT(testing::gradient_error(std::move(given), Engine::Reference, random), 1e-3);
}

TEST(Differentiate, GivesNothingForWhatTheLossDoesNotDependOn) {
  Graph graph = parsed(R"(graph (%x: f32[3], %unused: f32[3]) {
    %c = constant i32[1] (0)
    %y = sum(%x, %c)
    return %y
  })");
  const auto gradients = differentiate(graph, graph.outputs[0], graph.inputs);
  ASSERT_TRUE(gradients) << gradients.error().to_string();
  EXPECT_NE((*gradients)[0], nullptr);
  EXPECT_EQ((*gradients)[1], nullptr);
}

TEST(Differentiate, NamesTheOperatorThatHasNoRule) {
  Graph graph = parsed(R"(graph (%x: f32[3]) {
    %c = constant i32[1] (0)
    %r = floor(%x)
    %y = sum(%r, %c)
    return %y
  })");
  const auto gradients = differentiate(graph, graph.outputs[0], graph.inputs);
  ASSERT_FALSE(gradients);
  EXPECT_THAT(gradients.error().to_string(), HasSubstr("floor 'r'"));
  EXPECT_THAT(gradients.error().to_string(), HasSubstr("its derivative is zero wherever it has one"));
}

TEST(Differentiate, RefusesFusedActivations) {
  Graph graph = parsed(R"(graph (%x: f32[3]) {
    %c = constant i32[1] (0)
    %r = add(%x, %x) {activation = relu}
    %y = sum(%r, %c)
    return %y
  })");
  const auto gradients = differentiate(graph, graph.outputs[0], graph.inputs);
  ASSERT_FALSE(gradients);
  EXPECT_THAT(gradients.error().message, HasSubstr("fused activation must be split off"));
}

}  // namespace
}  // namespace pare
