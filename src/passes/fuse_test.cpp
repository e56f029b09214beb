#include "ir/builder.h"
#include "ops/conv_2d.h"
#include "passes/passes.h"
#include "testing/passes.h"

namespace pare {
namespace {

using testing::check_pass;
using ::testing::ElementsAre;
using testing::ops_of;
using testing::random_tensor;

class Fuse : public ::testing::Test {
 protected:
  Random random{1};
  GraphBuilder build;
  Value* constant(std::string name, Shape shape) {
    return build.constant(std::move(name), random_tensor(std::move(shape), random));
  }
  Value* conv(Value* src, Conv2dAttributes attributes = {}, int64_t kernel = 3, std::string name = "conv") {
    const int64_t channels = src->type.shape[3];
    return build.op("conv_2d", {src, constant("w", {4, kernel, kernel, channels}), constant("b", {4})}, attributes,
                    std::move(name));
  }
  Value* pad(Value* src, const std::vector<int32_t>& paddings) {
    const auto rank = static_cast<int64_t>(paddings.size() / 2);
    return build.op("pad", {src, build.constant("paddings", Tensor::of<int32_t>({rank, 2}, paddings))}, {}, "pad");
  }
};

TEST_F(Fuse, ClippingActivations) {
  for (const std::string activation : {"relu", "relu6", "relu_n1_to_1"}) {
    Graph graph = build.finish({build.op(activation, {conv(build.input("x", {kDynamic, 6, 6, 3}))}, {}, "y")});
    EXPECT_EQ(check_pass(graph, fuse_activation), 1u);
    EXPECT_THAT(ops_of(graph), ElementsAre("conv_2d"));
    EXPECT_THAT(print(graph), ::testing::HasSubstr("activation = " + activation));
  }
}

TEST_F(Fuse, ActivationBehindASum) {
  Value* x = build.input("x", {kDynamic, 4});
  Graph graph = build.finish({build.op("relu", {build.op("add", {x, x}, {}, "sum")}, {}, "y")});
  EXPECT_EQ(check_pass(graph, fuse_activation), 1u);
}

TEST_F(Fuse, NoActivationThatOthersDoNotWant) {
  Value* y = conv(build.input("x", {kDynamic, 6, 6, 3}));
  Value* twice = build.op("relu", {conv(y, {.activation = Activation::Relu6}, 3, "second")}, {}, "twice");
  Value* pooled = build.op("relu", {build.op("max_pool_2d", {y}, {}, "pool")}, {}, "pooled");
  Graph graph = build.finish(
      {build.op("relu", {y}, {}, "a"), y, twice, pooled, build.op("tanh", {conv(y, {}, 3, "third")}, {}, "b")});
  EXPECT_EQ(check_pass(graph, fuse_activation), 0u);
}

TEST_F(Fuse, PaddingThatSameWouldDo) {
  Graph graph = build.finish(
      {conv(pad(build.input("x", {kDynamic, 6, 6, 3}), {0, 0, 1, 1, 1, 1, 0, 0}), {.padding = Padding::Valid})});
  EXPECT_EQ(check_pass(graph, fuse_padding), 1u);
  EXPECT_THAT(ops_of(graph), ElementsAre("conv_2d"));
}

TEST_F(Fuse, AsymmetricPaddingInFrontOfStrides) {
  // 3x3 at stride 2 over 6 elements: Same pads nothing before and one behind.
  const Conv2dAttributes strided{.padding = Padding::Valid, .stride_h = 2, .stride_w = 2};
  Graph same = build.finish({conv(pad(build.input("x", {kDynamic, 6, 6, 3}), {0, 0, 0, 1, 0, 1, 0, 0}), strided)});
  EXPECT_EQ(check_pass(same, fuse_padding), 1u);
  Graph symmetric = build.finish({conv(pad(build.input("x", {kDynamic, 6, 6, 3}), {0, 0, 1, 1, 1, 1, 0, 0}), strided)});
  EXPECT_EQ(check_pass(symmetric, fuse_padding), 0u);
}

TEST_F(Fuse, PaddingOfADepthwiseConvolution) {
  Value* padded = pad(build.input("x", {kDynamic, 5, 7, 4}), {0, 0, 2, 2, 1, 1, 0, 0});
  Graph graph = build.finish({build.op("depthwise_conv_2d", {padded, constant("w", {1, 5, 3, 4})},
                                       Conv2dAttributes{.padding = Padding::Valid}, "y")});
  EXPECT_EQ(check_pass(graph, fuse_padding), 1u);
}

TEST_F(Fuse, NoPaddingOfChannelsOrOfUnknownExtents) {
  Graph channels = build.finish(
      {conv(pad(build.input("x", {kDynamic, 6, 6, 3}), {0, 0, 1, 1, 1, 1, 0, 1}), {.padding = Padding::Valid})});
  EXPECT_EQ(check_pass(channels, fuse_padding), 0u);
}

}  // namespace
}  // namespace pare
