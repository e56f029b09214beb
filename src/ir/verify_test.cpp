#include "ir/verify.h"

#include <gmock/gmock.h>

#include <limits>

#include "ir/graph.h"
#include "ops/conv_2d.h"

namespace pare {
namespace {

using ::testing::HasSubstr;

const TensorType kFloat2{DType::Float32, {2}, {}};

std::string error_of(const Graph& graph) {
  auto result = verify(graph);
  return result ? "no error" : result.error().to_string();
}

Node* append_relu(Graph& graph, Value* src, Value* dst) {
  return graph.append_with_results(*find_op("relu"), NoAttributes{}, {src}, {dst});
}

TEST(Verify, TakesAGraphInOrder) {
  Graph graph;
  Value* x = graph.add_input("x", kFloat2);
  Value* y = graph.add_value("y", kFloat2);
  append_relu(graph, x, y);
  graph.outputs = {y, x};
  EXPECT_EQ(error_of(graph), "no error");
}

TEST(Verify, RefusesACycle) {
  Graph graph;
  Value* a = graph.add_value("a", kFloat2);
  Value* b = graph.add_value("b", kFloat2);
  append_relu(graph, b, a);
  append_relu(graph, a, b);
  graph.outputs = {b};
  EXPECT_EQ(error_of(graph), "relu 'a': operand 'b' is not computed before it is used");
  auto sorted = graph.sort();
  ASSERT_FALSE(sorted);
  EXPECT_EQ(sorted.error().to_string(), "the graph has a cycle through relu 'a'");
}

TEST(Verify, RefusesANodeInFrontOfItsOperands) {
  Graph graph;
  Value* x = graph.add_input("x", kFloat2);
  Value* a = graph.add_value("a", kFloat2);
  Value* b = graph.add_value("b", kFloat2);
  append_relu(graph, a, b);
  append_relu(graph, x, a);
  graph.outputs = {b};
  EXPECT_THAT(error_of(graph), HasSubstr("operand 'a' is not computed before it is used"));
  ASSERT_TRUE(graph.sort());
  EXPECT_EQ(error_of(graph), "no error");
}

TEST(Verify, RefusesADanglingOperand) {
  Graph graph;
  Value* nothing = graph.add_value("nothing", kFloat2);
  Value* y = graph.add_value("y", kFloat2);
  append_relu(graph, nothing, y);
  graph.outputs = {y};
  EXPECT_EQ(error_of(graph), "relu 'y': operand 'nothing' is not computed before it is used");
}

TEST(Verify, RefusesValuesOfAnotherGraph) {
  Graph other, graph;
  Value* stranger = other.add_input("stranger", kFloat2);
  Value* y = graph.add_value("y", kFloat2);
  append_relu(graph, stranger, y);
  graph.outputs = {y};
  EXPECT_EQ(error_of(graph), "relu 'y': an operand is not part of the graph");

  Graph with_input;
  with_input.inputs = {stranger};
  EXPECT_EQ(error_of(with_input), "main: an input is not part of the graph");

  Graph with_result;
  append_relu(with_result, with_result.add_input("x", kFloat2), other.add_value("elsewhere", kFloat2));
  EXPECT_THAT(error_of(with_result), HasSubstr("a result is not part of the graph"));
}

TEST(Verify, RefusesTwoProducersOfOneValue) {
  Graph graph;
  Value* x = graph.add_input("x", kFloat2);
  Value* y = graph.add_value("y", kFloat2);
  append_relu(graph, x, y);
  append_relu(graph, x, y);
  graph.outputs = {y};
  EXPECT_THAT(error_of(graph), HasSubstr("result 'y' has another producer"));
}

TEST(Verify, RefusesAnInputThatIsComputed) {
  Graph graph;
  Value* x = graph.add_input("x", kFloat2);
  append_relu(graph, x, graph.add_input("y", kFloat2));
  EXPECT_EQ(error_of(graph), "main: the input 'y' is computed by relu 'y'");
}

TEST(Verify, RefusesAConstantThatIsComputed) {
  Graph graph;
  Value* x = graph.add_input("x", kFloat2);
  append_relu(graph, x, graph.add_constant("c", Tensor(DType::Float32, {2})));
  EXPECT_EQ(error_of(graph), "tensor 'c': a constant cannot be the result of relu 'c'");
}

TEST(Verify, RefusesAnOutputThatNothingComputes) {
  Graph graph;
  graph.outputs = {graph.add_value("y", kFloat2)};
  EXPECT_EQ(error_of(graph), "main: the output 'y' is not computed");
  graph.outputs = {nullptr};
  EXPECT_EQ(error_of(graph), "main: the output '' is not computed");
}

TEST(Verify, RefusesTypesThatTheShapeRuleDoesNotGive) {
  Graph graph;
  Value* x = graph.add_input("x", kFloat2);
  Value* y = graph.add_value("y", {DType::Int8, {2}, {}});
  append_relu(graph, x, y);
  EXPECT_EQ(error_of(graph), "relu 'y': result 'y' is i8[2], f32[2] was expected");
  y->type = {DType::Float32, {3}, {}};
  EXPECT_THAT(error_of(graph), HasSubstr("result 'y' is f32[3], f32[2] was expected"));
}

TEST(Verify, RefusesAnOperandThatIsMissing) {
  Graph graph;
  append_relu(graph, nullptr, graph.add_value("y", kFloat2));
  EXPECT_EQ(error_of(graph), "relu 'y': the operand 'src' is missing");
}

TEST(Verify, RefusesTooManyOperands) {
  Graph graph;
  Value* x = graph.add_input("x", kFloat2);
  graph.append_with_results(*find_op("relu"), NoAttributes{}, {x, x}, {graph.add_value("y", kFloat2)});
  EXPECT_EQ(error_of(graph), "relu 'y': 2 operands, at most 1 were expected");
}

TEST(Verify, RefusesConstantsOfAnotherTypeThanDeclared) {
  Graph graph;
  graph.add_constant("c", Tensor(DType::Float32, {2}))->type.shape = Shape{3};
  EXPECT_EQ(error_of(graph), "tensor 'c': its data are f32[2], its type is f32[3]");
}

struct BadQuantization {
  TensorType type;
  const char* message;
};

class QuantizedTypes : public ::testing::TestWithParam<BadQuantization> {};

TEST_P(QuantizedTypes, AreChecked) {
  auto result = verify(GetParam().type);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Verify, QuantizedTypes,
    ::testing::Values(
        BadQuantization{{DType::Float32, {2}, Quantization::per_tensor(1)},
                        "quantisation of a f32 tensor; integers were expected"},
        BadQuantization{{DType::Int8, {2}, Quantization{{1}, {}, 0, 0}}, "1 scales with 0 zero points"},
        BadQuantization{{DType::Int8, {2}, Quantization::per_tensor(0)},
                        "scale 0; a positive finite number was expected"},
        BadQuantization{{DType::Int8, {2}, Quantization::per_tensor(std::numeric_limits<float>::infinity())},
                        "scale inf; a positive finite number was expected"},
        BadQuantization{{DType::UInt8, {2}, Quantization::per_tensor(1, -1)}, "zero point -1 is outside the u8 range"},
        BadQuantization{{DType::Int8, {3}, Quantization::per_axis({1, 1}, 0)},
                        "2 scales for the 3 slices along axis 0"},
        BadQuantization{{DType::Int8, {2}, Quantization::per_axis({1, 1}, 1)},
                        "the quantised axis 1 is outside the shape [2]"},
        BadQuantization{{DType::Int8, {1, 3}, Quantization{{1}, {0}, 0, 2}},
                        "1 scales in blocks of 2 do not fit the shape [1, 3]"}));

}  // namespace
}  // namespace pare
