#include "ir/builder.h"
#include "ops/elementwise_binary.h"
#include "passes/passes.h"
#include "testing/passes.h"

namespace pare {
namespace {

using testing::check_pass;
using ::testing::ElementsAre;
using testing::ops_of;
using testing::random_tensor;

class FuseBias : public ::testing::Test {
 protected:
  Random random{1};
  GraphBuilder build;
  Value* constant(std::string name, Shape shape) {
    return build.constant(std::move(name), random_tensor(std::move(shape), random));
  }
  Value* conv() {
    return build.op("conv_2d", {build.input("x", {kDynamic, 6, 6, 3}), constant("w", {5, 3, 3, 3})}, {}, "conv");
  }
};

TEST_F(FuseBias, SumsDifferencesAndProductsWithConstants) {
  Value* scaled = build.op("mul", {conv(), constant("s", {5})}, {}, "scaled");
  Value* shifted = build.op("add", {constant("t", {1, 1, 1, 5}), scaled}, {}, "shifted");
  Value* lowered = build.op("sub", {shifted, build.constant("u", Tensor::scalar(0.25f))}, {}, "lowered");
  Graph graph = build.finish({build.op("sub", {build.constant("v", Tensor::scalar(1.f)), lowered}, {}, "y")});
  EXPECT_EQ(check_pass(graph, fuse_bias), 4u);
  EXPECT_THAT(ops_of(graph), ElementsAre("conv_2d"));
}

TEST_F(FuseBias, HandsTheActivationOn) {
  Graph graph = build.finish(
      {build.op("add", {conv(), constant("t", {5})}, AddAttributes{.activation = Activation::Relu6}, "y")});
  EXPECT_EQ(check_pass(graph, fuse_bias), 1u);
  EXPECT_THAT(print(graph), ::testing::HasSubstr("activation = relu6"));
}

TEST_F(FuseBias, NotWhatVariesOverPositionsOrHasOtherReaders) {
  Value* y = conv();
  Value* positions = build.op("add", {y, constant("t", {6, 6, 5})}, {}, "positions");
  Graph graph = build.finish({positions, build.op("mul", {y, constant("s", {5})}, {}, "scaled")});
  EXPECT_EQ(check_pass(graph, fuse_bias), 0u);
}

TEST_F(FuseBias, NotAConstantThatBroadcastsTheResult) {
  Value* dense = build.op("fully_connected", {build.input("x", {1, 3}), constant("w", {1, 3})}, {}, "dense");
  Graph graph = build.finish({build.op("add", {dense, constant("t", {1, 4})}, {}, "y")});
  EXPECT_EQ(check_pass(graph, fuse_bias), 0u);
}

}  // namespace
}  // namespace pare
