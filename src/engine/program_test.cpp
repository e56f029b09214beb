#include "engine/program.h"

#include <gmock/gmock.h>

#include "base/random.h"
#include "ops/conv_2d.h"

namespace pare {
namespace {

Tensor random_tensor(Shape shape, Random& random) {
  Tensor tensor(DType::Float32, std::move(shape));
  for (float& value : tensor.mutable_values<float>()) value = random.uniform(-1, 1);
  return tensor;
}

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
