#include "passes/inline_composites.h"

#include "ir/builder.h"
#include "ops/composite.h"
#include "testing/passes.h"

namespace pare {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The main graph computes composite(x) twice; graph 1 is |x| + 1.
Model model_of(int64_t decomposition = 1) {
  Model model;
  const CompositeAttributes attributes{.name = "test.distance", .decomposition = decomposition};
  Graph graph("main");
  Value* input = graph.add_input("x", {DType::Float32, Shape{2, 3}, {}});
  Value* once = graph.add_value("once", input->type);
  Value* twice = graph.add_value("twice", input->type);
  graph.append_with_results(*find_op("composite"), attributes, {input}, {once});
  graph.append_with_results(*find_op("composite"), attributes, {once}, {twice});
  graph.outputs = {twice};
  GraphBuilder body;
  Value* in = body.input("in", {2, 3});
  Value* sum = body.op("add", {body.op("abs", {in}), body.constant("one", Tensor::scalar(1.f))}, {}, "sum");
  model.graphs.push_back(std::move(graph));
  model.graphs.push_back(body.finish({sum}));
  return model;
}

TEST(InlineComposites, PutsTheBodyInTheirPlace) {
  Model model = model_of();
  const auto inlined = inline_composites(model);
  ASSERT_TRUE(inlined) << inlined.error().to_string();
  EXPECT_EQ(*inlined, 2u);
  ASSERT_EQ(model.graphs.size(), 1u);
  EXPECT_TRUE(verify(model.main()));
  EXPECT_THAT(testing::ops_of(model.main()), ElementsAre("abs", "add", "abs", "add"));
  EXPECT_EQ(model.main().outputs[0]->name, "twice");
  EXPECT_EQ(inline_composites(model).value(), 0u);
  const auto outputs = testing::run_reference(model.main(), 1);
  for (const float value : outputs[0]) EXPECT_GE(value, 2.f);
}

TEST(InlineComposites, RefusesABodyThatIsNotThere) {
  for (const int64_t body : {int64_t{-1}, int64_t{0}, int64_t{2}}) {
    Model model = model_of(body);
    const auto inlined = inline_composites(model);
    ASSERT_FALSE(inlined);
    EXPECT_THAT(inlined.error().message, HasSubstr("another of the model's 2 graphs was expected"));
  }
}

TEST(InlineComposites, RefusesABodyOfOtherOperands) {
  Model model = model_of();
  model.graphs[1].add_input("more", {DType::Float32, Shape{1}, {}});
  EXPECT_THAT(inline_composites(model).error().message,
              HasSubstr("has 1 operands and 1 results, the graph that it is made of has 2 and 1"));
}

}  // namespace
}  // namespace pare
