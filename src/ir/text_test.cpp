#include "ir/text.h"

#include <gmock/gmock.h>

#include "ir/builder.h"
#include "ops/conv_2d.h"

namespace pare {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr std::string_view kNetwork = R"(graph "main" (%input: f32[?, 5, 5, 1]) {
  %weights = constant f32[2, 1, 1, 1] (0.5, -1.25)
  %bias = constant f32[2] (0, 1e-05)
  %conv = conv_2d(%input, %weights, %bias) {padding = valid, stride_h = 2, activation = relu} : f32[?, 3, 5, 2]
  %no_bias = conv_2d(%input, %weights) : f32[?, 5, 5, 2]
  %"a name; with \"others\"" = relu(%conv) : f32[?, 3, 5, 2]
  return %"a name; with \"others\"", %no_bias
}
)";

std::string error_of(std::string_view text) {
  auto graph = parse_graph(text);
  return graph ? "no error" : graph.error().to_string();
}

TEST(Text, PrintsWhatItParsed) {
  auto graph = parse_graph(kNetwork);
  ASSERT_TRUE(graph) << graph.error().to_string();
  EXPECT_EQ(print(*graph), kNetwork);
  EXPECT_EQ(graph->nodes()[0]->attrs<Conv2dAttributes>().stride_h, 2);
}

TEST(Text, KeepsEveryKindOfElement) {
  for (const std::string constant :
       {"f16[2] (0.5, -2)", "f64[2] (0.1, 3)", "i4[3] (-8, 7, 0)", "i8[2] quant(0.25, -3) (-128, 127)",
        "u8[2] (0, 255)", "i16[2] (-32768, 32767)", "u16[1] (65535)", "i32[1] (-2147483648)", "u32[1] (4294967295)",
        "i64[1] (-9007199254740992)", "u64[1] (9007199254740992)", "bool[2] (1, 0)",
        "i8[2, 2] quant(axis=1, [0.5, 0.25], [0, 3]) (1, 2, 3, 4)",
        "i8[1, 4] quant(block=2, [0.5, 0.25], [0, 0]) (1, 2, 3, 4)", "f32[3] (inf, -inf, nan)", "f32[0] ()"}) {
    const std::string text = "graph \"main\" () {\n  %c = constant " + constant + "\n  return %c\n}\n";
    auto graph = parse_graph(text);
    ASSERT_TRUE(graph) << constant << ": " << graph.error().to_string();
    EXPECT_EQ(print(*graph), text);
  }
}

TEST(Text, KeepsVariables) {
  const std::string text =
      "graph \"main\" () {\n  %state = variable f32[1, 4]\n  %set = variable f32[2] (1, 2)\n  return %state, %set\n}\n";
  auto graph = parse_graph(text);
  ASSERT_TRUE(graph) << graph.error().to_string();
  EXPECT_TRUE(graph->find_value("set")->is_variable);
  EXPECT_EQ(print(*graph), text);
}

TEST(Text, InfersTypesThatAreLeftOut) {
  auto graph = parse_graph("graph (%x: f32[2, 3]) { // a comment\n %y = relu(%x) return %y }");
  ASSERT_TRUE(graph) << graph.error().to_string();
  EXPECT_EQ(graph->find_value("y")->type, (TensorType{DType::Float32, {2, 3}, {}}));
}

TEST(Text, OneElementFillsAConstant) {
  auto graph = parse_graph("graph () { %c = constant f32[2, 2] (0.5) return %c }");
  ASSERT_TRUE(graph) << graph.error().to_string();
  EXPECT_EQ(*graph->find_value("c")->data, Tensor::of<float>({2, 2}, {0.5f, 0.5f, 0.5f, 0.5f}));
}

TEST(Text, LargeConstantsAreElidedAndThenRefused) {
  GraphBuilder build;
  Value* constant = build.constant("c", Tensor(DType::Float32, {17}));
  const Graph graph = build.finish({constant});
  EXPECT_THAT(print(graph), HasSubstr("constant f32[17] (...)"));
  EXPECT_THAT(print(graph, {.max_elements = 17}), HasSubstr("(0, 0, 0"));
  EXPECT_THAT(error_of(print(graph)), HasSubstr("printed without its data; print the graph with all elements"));
}

TEST(Text, ErrorsSayWhereWhatWasFoundAndWhatWasExpected) {
  EXPECT_EQ(error_of("graph (%x f32[1])"), "line 1, column 11: found 'f32', expected ':'");
  EXPECT_EQ(error_of("graph ()\n{ %y = sine(%x) }"),
            "line 2, column 8: found 'sine', expected 'constant', 'variable' or the name of an operator");
  EXPECT_EQ(error_of("graph () {\n  %y = relu(%x)\n}"), "line 2, column 13: '%x' is not defined above");
  EXPECT_EQ(error_of("graph (%x: f32[2], %x: f32[2]) {}"), "line 1, column 20: the name '%x' is taken");
  EXPECT_EQ(error_of("graph (%x: f31[2]) {}"),
            "line 1, column 12: found 'f31', expected an element type such as f32 or i8");
  EXPECT_EQ(error_of("graph (%x: f32[-2]) {}"), "line 1, column 16: found '-2', expected an extent of at least 0");
  EXPECT_EQ(error_of("graph () {"), "line 1, column 11: found the end of the text, expected a name such as %x");
  EXPECT_EQ(error_of("graph () { return } more"), "line 1, column 21: found 'more', expected the end of the text");
  EXPECT_EQ(error_of("graph \"a"), "line 1, column 9: found the end of the text, expected a closing quote");
  EXPECT_EQ(error_of("graph () { @ }"), "line 1, column 12: found a character that has no meaning here");
  EXPECT_EQ(error_of("graph () { % = relu() }"), "line 1, column 13: found '%' alone, expected a name behind it");
  EXPECT_EQ(error_of("graph () { return none }"), "line 1, column 24: 'none' cannot be returned");
}

TEST(Text, ErrorsInConstantsAndAttributes) {
  EXPECT_THAT(error_of("graph () { %c = constant f32[3] (1, 2) return %c }"),
              HasSubstr("2 elements for the shape [3], expected 3"));
  EXPECT_THAT(error_of("graph () { %c = constant u8[1] (256) return %c }"),
              HasSubstr("the element 256 does not fit u8"));
  EXPECT_THAT(error_of("graph () { %c = constant f32[?] (1) return %c }"), HasSubstr("cannot be written as text"));
  EXPECT_THAT(error_of("graph () { %c = constant f32[999999999999] (1) return %c }"),
              HasSubstr("cannot be written as text"));
  EXPECT_THAT(error_of("graph () { %c = constant bf16[1] (1) return %c }"),
              HasSubstr("bf16 constants cannot be written as text"));
  EXPECT_THAT(error_of("graph () { %a, %b = constant f32[1] (1) }"), HasSubstr("2 names, expected one"));
  EXPECT_THAT(error_of("graph () { %c = constant i8[1] quant(scale, 1) (1) }"),
              HasSubstr("expected a scale, 'axis' or 'block'"));
  EXPECT_THAT(error_of("graph (%x: f32[1]) { %y = relu(%x) {alpha = 1} return %y }"),
              HasSubstr("there is no attribute 'alpha'"));
  EXPECT_THAT(
      error_of(
          "graph (%x: f32[1, 2, 2, 1]) { %w = constant f32[1, 1, 1, 1] (1) %y = conv_2d(%x, %w) {padding = wide} return %y }"),
      HasSubstr("attribute 'padding' cannot be wide"));
  EXPECT_THAT(error_of("graph (%x: f32[1, 2, 2, 1]) { %y = conv_2d(%x, %x) {stride_h = (} return %y }"),
              HasSubstr("found '(', expected the value of an attribute"));
}

TEST(Text, TheGraphIsVerified) {
  EXPECT_THAT(error_of("graph (%x: f32[2]) { %y = relu(%x) : f32[3] return %y }"),
              AllOf(HasSubstr("relu 'y'"), HasSubstr("result 'y' is f32[3], f32[2] was expected")));
  EXPECT_THAT(error_of("graph (%x: f32[2]) { %y, %z = relu(%x) : f32[2], f32[2] return %y }"),
              HasSubstr("2 results, 1 were expected"));
}

}  // namespace
}  // namespace pare
