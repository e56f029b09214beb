#include "passes/output_affine.h"

#include <gmock/gmock.h>

#include "engine/runner.h"
#include "testing/graphs.h"

namespace pare {
namespace {

using testing::random_tensor;

// A dense layer without a bias, then a normalisation.
Graph normalized() {
  Random random(1);
  GraphBuilder build;
  Value* x = build.input("x", {kDynamic, 3});
  const auto constant = [&](const char* name, float low) {
    return build.constant(name, random_tensor({4}, random, low, 2));
  };
  Value* dense =
      build.op("fully_connected", {x, build.constant("w", random_tensor({4, 3}, random)), nullptr}, {}, "dense");
  return build.finish({build.op(
      "batch_normalization",
      {dense, constant("gamma", 0.5f), constant("beta", -1), constant("mean", -1), constant("variance", 0.5f)}, {},
      "y")});
}

TEST(OutputShift, GoesIntoTheMeanOfANormalizationWhereThereIsNoBias) {
  Graph graph = normalized();
  Random random(2);
  const SampleSource samples = source_of({random_tensor({5, 3}, random)});
  const Tensor before = Runner::create(graph, {})->outputs(samples)->at(0);
  Node& dense = *graph.find_value("dense")->producer;
  const auto scale = output_scale(graph, dense);
  ASSERT_TRUE(scale);
  shift_output(graph, *output_shift(graph, dense), {1, 2, 3, 4});
  const Tensor after = Runner::create(graph, {})->outputs(samples)->at(0);
  for (size_t i = 0; i < 20; ++i)
    EXPECT_NEAR(after.values<float>()[i] - before.values<float>()[i], static_cast<float>(i % 4 + 1) * (*scale)[i % 4],
                1e-4);
}

TEST(OutputShift, ASharedBiasIsCopiedFirst) {
  Graph graph = testing::small_classifier();
  Node& conv = *graph.find_value("conv")->producer;
  Value* bias = conv.operands[2];
  const Tensor before = *bias->data;
  graph.outputs.push_back(bias);
  shift_output(graph, *output_shift(graph, conv), {1, 1, 1, 1});
  EXPECT_EQ(*bias->data, before);
  EXPECT_NE(conv.operands[2], bias);
  EXPECT_FLOAT_EQ(conv.operands[2]->data->values<float>()[0], before.values<float>()[0] + 1);
}

TEST(OutputShift, NothingWhereNothingCanTakeIt) {
  Graph graph = testing::small_classifier();
  EXPECT_FALSE(output_shift(graph, *graph.find_value("dense")->producer));
  EXPECT_FALSE(output_scale(graph, *graph.find_value("dense")->producer));
}

}  // namespace
}  // namespace pare
