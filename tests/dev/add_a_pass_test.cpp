// The pass that docs/dev/add_a_pass.md adds.
#include <gtest/gtest.h>

#include "engine/evaluate.h"
#include "ir/text.h"
#include "passes/pipeline.h"

namespace pare {
namespace {

TEST(AddAPass, ThePassOfThePageIsKnownAndWorks) {
  const Pass* pass = find_pass("remove_double_relu");
  ASSERT_NE(pass, nullptr);
  auto graph = parse_graph("graph (%x: f32[2]) { %a = relu(%x) %b = relu(%a) return %b }");
  ASSERT_TRUE(graph) << graph.error().to_string();
  const Pass* const passes[] = {pass};
  auto records = run_passes(*graph, passes, [](const Node& node) { return evaluate(node); });
  ASSERT_TRUE(records) << records.error().to_string();
  EXPECT_EQ(print(*graph), "graph \"main\" (%x: f32[2]) {\n  %b = relu(%x) : f32[2]\n  return %b\n}\n");
}

}  // namespace
}  // namespace pare
