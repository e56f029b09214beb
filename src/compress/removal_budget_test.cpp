#include "compress/removal_budget.h"

#include <gmock/gmock.h>

namespace pare {
namespace {

using ::testing::ElementsAre;

LayerRemovals removals_of(const std::vector<float>& losses, int32_t weights) {
  LayerRemovals removals;
  for (const float loss : losses) removals.order.push_back({0, 0, 0, weights, loss});
  return removals;
}

TEST(CheapestRemovals, TakesTheCheapestOfAllLayers) {
  const LayerRemovals a = removals_of({1, 2, 8}, 1), b = removals_of({3, 4, 5}, 1);
  EXPECT_THAT(cheapest_removals({{&a, 1}, {&b, 1}}, 4), ElementsAre(2, 2));
  EXPECT_THAT(cheapest_removals({{&a, 1}, {&b, 0.1}}, 4), ElementsAre(1, 3));
}

TEST(CheapestRemovals, CountsByTheWeight) {
  const LayerRemovals blocks = removals_of({4, 4}, 4), single = removals_of({2, 2}, 1);
  EXPECT_THAT(cheapest_removals({{&blocks, 1}, {&single, 1}}, 8), ElementsAre(2, 0));
}

TEST(CheapestRemovals, NothingIsCheaperThanWhatComesBefore) {
  const LayerRemovals a = removals_of({5, 0}, 1), b = removals_of({1, 2}, 1);
  EXPECT_THAT(cheapest_removals({{&a, 1}, {&b, 1}}, 2), ElementsAre(0, 2));
}

TEST(CheapestRemovals, NoneAndAll) {
  const LayerRemovals a = removals_of({5, 6}, 1);
  EXPECT_THAT(cheapest_removals({{&a, 1}}, 0), ElementsAre(0));
  EXPECT_THAT(cheapest_removals({{&a, 1}}, 10), ElementsAre(2));
  EXPECT_TRUE(cheapest_removals({}, 3).empty());
}

}  // namespace
}  // namespace pare
