#include "eval/operator_times.h"

#include <gmock/gmock.h>

#include "ir/builder.h"

namespace pare {
namespace {

Graph layer(int64_t inputs, int64_t outputs) {
  GraphBuilder build;
  Value* weights = build.constant("weights", Tensor(DType::Float32, {outputs, inputs}));
  return build.finish({build.op("fully_connected", {build.input("x", {1, inputs}), weights, nullptr}, {}, "y")});
}

TEST(OperatorTimes, EachExtentIsMeasuredOnce) {
  OperatorTimes times;
  Graph graph = layer(1024, 1024);
  const Node& node = *graph.nodes()[0];
  const double whole = times.of(node);
  EXPECT_EQ(times.of(node), whole);
  // A width is tried in the types alone: the weights are still those of the wider layer.
  node.operands[1]->type.shape = {8, 1024};
  node.results[0]->type.shape = {1, 8};
  const double narrowed = times.of(node);
  EXPECT_GT(narrowed, 0);
  EXPECT_LT(narrowed, whole);
  EXPECT_EQ(times.of(node), narrowed);
}

TEST(OperatorTimes, NothingForWhatCannotRunByItself) {
  OperatorTimes times;
  Graph graph = layer(64, 64);
  graph.nodes()[0]->operands[1]->type.shape = {64, 24};
  EXPECT_EQ(times.of(*graph.nodes()[0]), 0);
}

}  // namespace
}  // namespace pare
