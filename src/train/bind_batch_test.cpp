#include "train/bind_batch.h"

#include <gtest/gtest.h>

#include "testing/graphs.h"

namespace pare {
namespace {

using testing::parsed;

TEST(BindBatch, GivesSymbolicInputsTheirBatch) {
  Graph graph = parsed("graph (%x: f32[?, ?, 2]) { %y = reshape(%x) {new_shape = [-1, 2]} return %y }");
  ASSERT_TRUE(bind_batch(graph, 8));
  EXPECT_EQ(graph.outputs[0]->type.shape, (Shape{8, 2}));
}

TEST(BindBatch, WidensNetworksForOneSample) {
  Graph graph = parsed(R"(graph (%x: f32[1, 4, 2]) {
    %s = constant i32[3] (1, 2, -1)
    %a = reshape(%x) {new_shape = [1, 8]}
    %b = reshape(%a, %s)
    %y = reshape(%b) {new_shape = [-1, 2]}
    %z = reshape(%b, %s)
    return %z
  })");
  const auto bound = bind_batch(graph, 8);
  ASSERT_TRUE(bound) << bound.error().to_string();
  EXPECT_EQ(graph.outputs[0]->type.shape, (Shape{8, 2, 4}));
  Graph one = parsed("graph (%x: f32[1, 4]) { %y = reshape(%x) {new_shape = [1, 2, 2]} return %y }");
  ASSERT_TRUE(bind_batch(one, 1));
  EXPECT_EQ(one.outputs[0]->type.shape, (Shape{1, 2, 2}));
}

}  // namespace
}  // namespace pare
