#include "engine/program.h"

#include <gmock/gmock.h>

#include "base/random.h"
#include "ops/conv_2d.h"
#include "testing/graphs.h"

namespace pare {
namespace {

using testing::random_tensor;

// conv -> relu with a symbolic batch.
Graph small_network() {
  Random random(1);
  Graph graph;
  Value* input = graph.add_input("input", {DType::Float32, Shape{kDynamic, 7, 9, 3}, {}});
  Value* weights = graph.add_constant("weights", random_tensor({8, 3, 3, 3}, random));
  Value* bias = graph.add_constant("bias", random_tensor({8}, random));
  Node* conv = *graph.append(*find_op("conv_2d"), Conv2dAttributes{.stride_h = 2, .stride_w = 2},
                             {input, weights, bias}, {"conv"});
  Node* relu = *graph.append(*find_op("relu"), NoAttributes{}, {conv->result()}, {"relu"});
  graph.outputs = {relu->result()};
  return graph;
}

TEST(Program, FastAgreesWithReference) {
  const Graph graph = small_network();
  Random random(2);
  const Tensor input = random_tensor({3, 7, 9, 3}, random);
  std::vector<Tensor> outputs;
  for (const Engine engine : {Engine::Fast, Engine::Reference}) {
    auto program = Program::compile(graph, {.engine = engine, .batch = 3});
    ASSERT_TRUE(program) << program.error().to_string();
    Context context(*program);
    ASSERT_TRUE(context.set_inputs({&input, 1}));
    context.run();
    outputs.push_back(context.output_tensor(0));
  }
  ASSERT_EQ(outputs[0].shape(), (Shape{3, 4, 5, 8}));
  const auto fast = outputs[0].values<float>(), reference = outputs[1].values<float>();
  for (size_t i = 0; i < fast.size(); ++i) EXPECT_NEAR(fast[i], reference[i], 1e-5);
}

// A forged dilation: every tap is outside of the image, and no padded copy of it fits in memory.
TEST(Program, RunsAWindowThatIsWiderThanMemory) {
  const Graph graph = testing::parsed(R"(graph (%x: f32[1, 2, 2, 1]) {
    %w = constant f32[1, 1, 2, 1] (3, 5)
    %y = conv_2d(%x, %w) {dilation_w = 100000000000000}
    return %y
  })");
  Random random(1);
  const Tensor input = random_tensor({1, 2, 2, 1}, random);
  for (const Engine engine : {Engine::Fast, Engine::Reference}) {
    auto program = Program::compile(graph, {.engine = engine});
    ASSERT_TRUE(program) << program.error().to_string();
    Context context(*program);
    ASSERT_TRUE(context.set_inputs({&input, 1}));
    context.run();
    EXPECT_THAT(context.output_tensor(0).values<float>(), ::testing::Each(0));
  }
}

TEST(Program, RefusesATensorBeyondMemory) {
  const Graph graph = testing::parsed("graph (%x: f32[1, 1000000, 1000000, 9]) { %y = relu(%x) return %y }");
  const auto program = Program::compile(graph, {});
  ASSERT_FALSE(program);
  EXPECT_THAT(program.error().message, ::testing::HasSubstr("takes 36000000000000 bytes, this computer has"));
}

TEST(Program, RefusesInputsOfAnotherShape) {
  auto program = Program::compile(small_network(), {});
  ASSERT_TRUE(program);
  Context context(*program);
  const Tensor wrong(DType::Float32, {1, 7, 9, 4});
  const auto result = context.set_inputs({&wrong, 1});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, ::testing::HasSubstr("the model takes f32[1, 7, 9, 3]"));
}

}  // namespace
}  // namespace pare
