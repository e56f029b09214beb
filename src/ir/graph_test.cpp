#include "ir/graph.h"

#include <gmock/gmock.h>

#include "ir/verify.h"
#include "testing/graphs.h"

namespace pare {
namespace {

using ::testing::ElementsAre;
using testing::parsed;

TEST(Graph, NamesAreMadeUnique) {
  Graph graph;
  const TensorType type{DType::Float32, {1}, {}};
  EXPECT_EQ(graph.add_value("a", type)->name, "a");
  EXPECT_EQ(graph.add_value("a", type)->name, "a_1");
  EXPECT_EQ(graph.add_value("a", type)->name, "a_2");
  EXPECT_EQ(graph.add_value("", type)->name, "value");
}

TEST(Graph, UsesCountOutputsToo) {
  const Graph graph = parsed("graph (%x: f32[2]) { %y = relu(%x) %z = relu(%x) return %x, %z, %y, %z }");
  EXPECT_EQ(graph.uses(graph.find_value("x")).size(), 2u);
  EXPECT_EQ(graph.use_count(graph.find_value("x")), 3u);
  EXPECT_EQ(graph.use_count(graph.find_value("z")), 2u);
}

TEST(Graph, RemovesWhatNobodyNeeds) {
  Graph graph = parsed(
      "graph (%x: f32[2], %unused: f32[2]) { %c = constant f32[2] (1) %a = relu(%x) %b = relu(%a) %d = relu(%c) return %a }");
  EXPECT_EQ(graph.remove_dead(), 5u);  // %b and %d with their nodes, and the constant
  EXPECT_EQ(print(graph), "graph \"main\" (%x: f32[2], %unused: f32[2]) {\n  %a = relu(%x) : f32[2]\n  return %a\n}\n");
  EXPECT_EQ(graph.remove_dead(), 0u);
}

TEST(Graph, RefusesToEraseWhatIsInUse) {
  Graph graph = parsed("graph (%x: f32[2]) { %a = relu(%x) %b = relu(%a) return %a, %b }");
  Value* a = graph.find_value("a");
  EXPECT_THROW(graph.erase(a->producer), InternalError);
}

TEST(Graph, ReplacedNodeCanGo) {
  Graph graph = parsed("graph (%x: f32[2]) { %a = relu(%x) %b = relu(%a) return %b }");
  Value* a = graph.find_value("a");
  graph.replace_uses(a, graph.find_value("x"));
  graph.erase(a->producer);
  ASSERT_TRUE(verify(graph));
  EXPECT_EQ(graph.find_value("a"), nullptr);
  EXPECT_EQ(graph.nodes().size(), 1u);
}

TEST(Graph, CloneIsEqualAndIndependent) {
  Graph graph = parsed("graph (%x: f32[?, 2]) { %c = constant f32[2] (1, 2) %y = relu(%x) return %y, %c }");
  graph.nodes()[0]->name = "layer";
  Graph copy = graph.clone();
  EXPECT_EQ(print(copy), print(graph));
  EXPECT_EQ(copy.nodes()[0]->name, "layer");
  copy.find_value("c")->data->mutable_values<float>()[0] = 5;
  EXPECT_EQ(graph.find_value("c")->data->values<float>()[0], 1);
}

TEST(Graph, InferenceSpreadsAKnownBatch) {
  Graph graph = parsed("graph (%x: f32[?, 2]) { %y = relu(%x) return %y }");
  graph.inputs[0]->type.shape[0] = 4;
  ASSERT_TRUE(infer_types(graph));
  EXPECT_THAT(graph.outputs[0]->type.shape.dims(), ElementsAre(4, 2));
}

TEST(Graph, InferenceKeepsQuantization) {
  Graph graph = parsed("graph (%x: i8[?, 2] quant(0.5, 1)) { %y = relu(%x) : i8[?, 2] quant(0.25, 2) return %y }");
  graph.inputs[0]->type.shape[0] = 4;
  ASSERT_TRUE(infer_types(graph));
  EXPECT_EQ(to_string(graph.outputs[0]->type), "i8[4, 2] quant(0.25, 2)");
}

TEST(Model, CloneMapsSignatures) {
  Model model = testing::model_of("graph (%x: f32[2]) { %y = relu(%x) return %y }");
  Graph& graph = model.main();
  model.signatures.push_back({"serving_default", 0, {{"in", graph.inputs[0]}}, {{"out", graph.outputs[0]}}});
  const Model copy = model.clone();
  EXPECT_EQ(copy.signatures[0].inputs[0].second, copy.main().inputs[0]);
  EXPECT_NE(copy.main().inputs[0], graph.inputs[0]);
}

}  // namespace
}  // namespace pare
