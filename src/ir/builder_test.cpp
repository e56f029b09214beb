#include "ir/builder.h"

#include <gmock/gmock.h>

#include "ir/text.h"
#include "ops/conv_2d.h"

namespace pare {
namespace {

// What the exception says, or "no exception".
template <class Body>
std::string message_of(Body&& body) {
  try {
    body();
  } catch (const std::invalid_argument& error) { return error.what(); }
  return "no exception";
}

TEST(GraphBuilder, BuildsWhatTheTextSays) {
  GraphBuilder build;
  Value* x = build.input("x", {kDynamic, 4, 4, 1});
  Value* weights = build.constant("w", Tensor::of<float>({1, 1, 1, 1}, {2}));
  Value* conv = build.op("conv_2d", {x, weights}, Conv2dAttributes{.stride_w = 2}, "conv");
  const Graph graph = build.finish({build.op("relu", {conv})});
  EXPECT_EQ(print(graph), R"(graph "main" (%x: f32[?, 4, 4, 1]) {
  %w = constant f32[1, 1, 1, 1] (2)
  %conv = conv_2d(%x, %w) {stride_w = 2} : f32[?, 4, 2, 1]
  %relu = relu(%conv) : f32[?, 4, 2, 1]
  return %relu
}
)");
}

TEST(GraphBuilder, QuantizedValuesKeepTheirMeaning) {
  GraphBuilder build;
  Value* x = build.input("x", {1, 2}, DType::Int8, Quantization::per_tensor(0.5f, 3));
  Value* y = build.quantized(build.op("relu", {x}), DType::Int8, Quantization::per_tensor(0.25f, -128));
  const Graph graph = build.finish({y});
  EXPECT_EQ(to_string(graph.outputs[0]->type), "i8[1, 2] quant(0.25, -128)");
}

TEST(GraphBuilder, MistakesAreLedByTheOperator) {
  GraphBuilder build;
  Value* x = build.input("x", {2, 3});
  EXPECT_EQ(message_of([&] { build.op("sine", {x}); }), "[sine] there is no operator of this name");
  EXPECT_EQ(message_of([&] { build.op("relu", {x}, Conv2dAttributes{}); }),
            "[relu] the attributes are those of another operator");
  EXPECT_EQ(message_of([&] { build.op("relu", {nullptr}); }), "[relu] relu 'relu': the operand 'src' is missing");
  EXPECT_EQ(message_of([&] { build.ops("relu", {x}, {}, {"a", "b"}); }), "[relu] 2 names for 1 results");
  EXPECT_THAT(message_of([&] { build.op("conv_2d", {x, x}); }), ::testing::StartsWith("[conv_2d] conv_2d 'conv_2d': "));
  EXPECT_EQ(message_of([&] { build.input("q", {2}, DType::Float32, Quantization::per_tensor(1)); }),
            "[input q] quantisation of a f32 tensor; integers were expected");
  EXPECT_EQ(message_of([&] { build.constant("q", Tensor(DType::Int8, {2}), Quantization::per_tensor(-1)); }),
            "[constant q] scale -1; a positive finite number was expected");
  EXPECT_EQ(message_of([&] { build.quantized(x, DType::Int8, Quantization::per_tensor(1, 300)); }),
            "[tensor x] zero point 300 is outside the i8 range");
  EXPECT_EQ(message_of([&] { build.finish({nullptr}); }), "[graph main] main: the output '' is not computed");
}

}  // namespace
}  // namespace pare
