#include "ir/builder.h"
#include "ops/conv_2d.h"
#include "ops/transpose_conv.h"
#include "passes/passes.h"
#include "testing/passes.h"

namespace pare {
namespace {

using testing::check_pass;
using ::testing::ElementsAre;
using testing::ops_of;
using testing::random_tensor;

class FoldBatchNormalization : public ::testing::Test {
 protected:
  Random random{1};
  GraphBuilder build;

  Value* constant(std::string name, Shape shape, float low = -1, float high = 1) {
    return build.constant(std::move(name), random_tensor(std::move(shape), random, low, high));
  }
  Value* normalize(Value* src, int64_t channels, std::string name = "bn", bool shifts = true) {
    Value* zero = build.constant("zero", Tensor(DType::Float32, {channels}));
    return build.op("batch_normalization",
                    {src, constant("gamma", {channels}), shifts ? constant("beta", {channels}) : nullptr,
                     shifts ? constant("mean", {channels}) : zero, constant("variance", {channels}, 0.1f, 2)},
                    {}, std::move(name));
  }
};

TEST_F(FoldBatchNormalization, BehindAConvolutionWithoutBias) {
  Value* conv = build.op("conv_2d", {build.input("x", {kDynamic, 6, 6, 3}), constant("w", {5, 3, 3, 3})}, {}, "conv");
  Graph graph = build.finish({normalize(conv, 5)});
  EXPECT_EQ(check_pass(graph, fold_batch_normalization), 1u);
  EXPECT_THAT(ops_of(graph), ElementsAre("conv_2d"));
  EXPECT_EQ(graph.nodes()[0]->result()->name, "bn");
  EXPECT_NE(graph.nodes()[0]->operand(2), nullptr);
}

TEST_F(FoldBatchNormalization, BehindDepthwiseDenseAndTransposedConvolutions) {
  Value* x = build.input("x", {kDynamic, 6, 6, 4});
  Value* depthwise = normalize(
      build.op("depthwise_conv_2d", {x, constant("dw", {1, 3, 3, 8}), constant("db", {8})}, {}, "depthwise"), 8, "a");
  Value* size = build.constant("size", Tensor::vector<int32_t>({2, 12, 12, 3}));
  Value* transposed = normalize(build.op("transpose_conv", {size, constant("tw", {3, 2, 2, 8}), depthwise},
                                         TransposeConvAttributes{.stride_h = 2, .stride_w = 2}, "transposed"),
                                3, "b");
  Value* dense = normalize(
      build.op("fully_connected", {depthwise, constant("fw", {7, 288}), constant("fb", {7})}, {}, "dense"), 7, "c");
  Graph graph = build.finish({dense, transposed});
  EXPECT_EQ(check_pass(graph, fold_batch_normalization), 3u);
  EXPECT_THAT(ops_of(graph), ElementsAre("depthwise_conv_2d", "transpose_conv", "fully_connected"));
}

TEST_F(FoldBatchNormalization, InFrontOfAConvolutionThatDoesNotPad) {
  Value* bn = normalize(build.input("x", {kDynamic, 6, 6, 3}), 3);
  Graph graph = build.finish({build.op("conv_2d", {bn, constant("w", {5, 3, 3, 3}), constant("b", {5})},
                                       Conv2dAttributes{.padding = Padding::Valid}, "conv")});
  EXPECT_EQ(check_pass(graph, fold_batch_normalization, 1e-4f), 1u);
  EXPECT_THAT(ops_of(graph), ElementsAre("conv_2d"));
}

TEST_F(FoldBatchNormalization, InFrontOfAPaddingConvolutionOnlyWithoutShift) {
  Value* x = build.input("x", {kDynamic, 6, 6, 3});
  Value* weights = constant("w", {5, 3, 3, 3});
  Graph graph = build.finish({build.op("conv_2d", {normalize(x, 3), weights}, {}, "conv")});
  EXPECT_EQ(check_pass(graph, fold_batch_normalization), 0u);

  Value* y = build.input("x", {kDynamic, 6, 6, 3});
  Graph unshifted =
      build.finish({build.op("conv_2d", {normalize(y, 3, "bn", false), constant("w", {5, 3, 3, 3})}, {}, "conv")});
  EXPECT_EQ(check_pass(unshifted, fold_batch_normalization, 1e-4f), 1u);
}

TEST_F(FoldBatchNormalization, InFrontOfADepthwiseConvolution) {
  Value* bn = normalize(build.input("x", {kDynamic, 6, 6, 4}), 4);
  Graph graph = build.finish({build.op("depthwise_conv_2d", {bn, constant("w", {1, 3, 3, 4})},
                                       Conv2dAttributes{.padding = Padding::Valid}, "conv")});
  EXPECT_EQ(check_pass(graph, fold_batch_normalization, 1e-4f), 1u);
}

TEST_F(FoldBatchNormalization, NotWhereAnotherNodeReadsOrAnActivationStandsBetween) {
  Value* conv = build.op("conv_2d", {build.input("x", {kDynamic, 6, 6, 3}), constant("w", {5, 3, 3, 3})}, {}, "conv");
  Value* clipped = build.op("conv_2d", {conv, constant("w2", {5, 1, 1, 5})},
                            Conv2dAttributes{.activation = Activation::Relu}, "clipped");
  Graph graph = build.finish({normalize(conv, 5, "a"), normalize(clipped, 5, "b")});
  EXPECT_EQ(check_pass(graph, fold_batch_normalization), 0u);
}

}  // namespace
}  // namespace pare
