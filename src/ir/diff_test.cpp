#include "ir/diff.h"

#include <gtest/gtest.h>

#include "testing/graphs.h"

namespace pare {
namespace {

using testing::parsed;

TEST(Diff, EqualGraphsDoNotDiffer) {
  const Graph graph = parsed("graph (%x: f32[2]) { %y = relu(%x) return %y }");
  EXPECT_EQ(diff(graph, graph.clone()), "");
}

TEST(Diff, ShowsWhatWentAndWhatCame) {
  const Graph before = parsed("graph (%x: f32[2]) { %y = relu(%x) %z = relu(%y) return %z }");
  const Graph after = parsed("graph (%x: f32[2]) { %y = relu(%x) return %y }");
  EXPECT_EQ(diff(before, after), "-   %z = relu(%y) : f32[2]\n-   return %z\n+   return %y\n");
}

TEST(Diff, NoticesDataThatIsNotPrinted) {
  const Graph before = parsed("graph () { %c = constant f32[20] (1) return %c }");
  const Graph after = parsed("graph () { %c = constant f32[20] (2) return %c }");
  EXPECT_EQ(diff(before, after), "~ constant 'c' has other data\n");
}

}  // namespace
}  // namespace pare
