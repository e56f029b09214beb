#include "passes/pipeline.h"

#include "engine/evaluate.h"
#include "ir/builder.h"
#include "passes/passes.h"
#include "testing/passes.h"

namespace pare {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::ops_of;
using testing::random_tensor;

// pad, convolution, batch normalisation, relu, reshape to the same, dense.
Graph network() {
  Random random(1);
  GraphBuilder build;
  const auto constant = [&](std::string name, Shape shape, float low) {
    return build.constant(std::move(name), random_tensor(std::move(shape), random, low, 1));
  };
  Value* x = build.input("x", {kDynamic, 6, 6, 3});
  Value* conv = build.op("conv_2d", {x, constant("w", {4, 3, 3, 3}, -1)}, {}, "conv");
  Value* bn = build.op(
      "batch_normalization",
      {conv, constant("g", {4}, 0.5f), constant("b", {4}, -1), constant("m", {4}, -1), constant("v", {4}, 0.2f)}, {},
      "bn");
  Value* relu = build.op("relu", {bn}, {}, "relu");
  return build.finish({build.op("fully_connected", {relu, constant("fw", {2, 144}, -1)}, {}, "y")});
}

TEST(Pipeline, CanonicalFoldsAndFuses) {
  Graph graph = network();
  const Graph before = graph.clone();
  const auto records = run_pipeline(graph, Pipeline::Canonical, evaluate);
  ASSERT_TRUE(records) << records.error().to_string();
  EXPECT_THAT(ops_of(graph), ElementsAre("conv_2d", "fully_connected"));
  const auto expected = testing::run_reference(before, 3), got = testing::run_reference(graph, 3);
  for (size_t i = 0; i < expected[0].size(); ++i) EXPECT_NEAR(got[0][i], expected[0][i], 1e-4);
  for (const PassRecord& record : *records)
    if (record.pass == "fold_batch_normalization") { EXPECT_EQ(record.changes, 1u); }
}

TEST(Pipeline, EachPassCanBeSwitchedOff) {
  for (const Pass& pass : all_passes()) {
    Graph graph = network();
    const auto records = run_pipeline(graph, Pipeline::ForTflite, evaluate, {.disabled = {std::string(pass.name)}});
    ASSERT_TRUE(records) << pass.name << ": " << records.error().to_string();
    for (const PassRecord& record : *records)
      if (record.pass == pass.name) { EXPECT_EQ(record.changes, 0u); }
  }
}

TEST(Pipeline, AnUnknownPassToSwitchOffIsAnError) {
  Graph graph = network();
  const auto records = run_pipeline(graph, Pipeline::Canonical, evaluate, {.disabled = {"fold_everything"}});
  ASSERT_FALSE(records);
  EXPECT_EQ(records.error().code, ErrorCode::Usage);
  EXPECT_THAT(
      records.error().message,
      HasSubstr(
          "there is no pass 'fold_everything' to switch off; the passes are add_biases, apply_weight_transforms, "));
}

TEST(Pipeline, APassThatBreaksTheGraphIsNamed) {
  const Pass breaking{"break_graph", "", [](Graph& graph, const Evaluator&) -> Expected<size_t> {
                        graph.outputs[0]->type.dtype = DType::Int8;
                        return size_t{1};
                      }};
  Graph graph = network();
  const Pass* passes[] = {&breaking};
  const auto records = run_passes(graph, passes, evaluate);
  ASSERT_FALSE(records);
  EXPECT_EQ(records.error().code, ErrorCode::Internal);
  EXPECT_THAT(records.error().to_string(), HasSubstr("after the pass break_graph"));
}

TEST(Pipeline, PassesAreNamedOnceAndInOrder) {
  for (size_t i = 1; i < all_passes().size(); ++i) EXPECT_LT(all_passes()[i - 1].name, all_passes()[i].name);
  for (const Pipeline pipeline : {Pipeline::Canonical, Pipeline::ForTflite})
    for (const Pass* pass : passes_of(pipeline)) EXPECT_EQ(find_pass(pass->name), pass);
}

}  // namespace
}  // namespace pare
