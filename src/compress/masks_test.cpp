#include "compress/masks.h"

#include <gmock/gmock.h>

#include "base/random.h"

namespace pare {
namespace {

using ::testing::ElementsAre;

std::vector<float> values_of(const Tensor& tensor) {
  return {tensor.values<float>().begin(), tensor.values<float>().end()};
}

double zeros(const Tensor& mask) { return sparsity_of(mask) * static_cast<double>(mask.shape().elements()); }

TEST(Masks, TheSmallestGo) {
  const std::vector<float> scores{3, 1, 2, 5, 4, 0};
  EXPECT_THAT(values_of(*mask_of({{6}, scores}, 0.5)), ElementsAre(1, 0, 0, 1, 1, 0));
}

TEST(Masks, OfEqualScoresTheLaterGo) {
  const std::vector<float> scores(6, 1.f);
  EXPECT_THAT(values_of(*mask_of({{6}, scores}, 0.5)), ElementsAre(1, 1, 1, 0, 0, 0));
}

TEST(Masks, AnySparsityIsMetToTheWeight) {
  Random random(1);
  std::vector<float> scores(1000);
  for (float& score : scores) score = static_cast<float>(random.below(20));  // with many ties
  for (const double sparsity : {0., 0.001, 0.3333, 0.8, 0.9995, 1.})
    EXPECT_EQ(zeros(*mask_of({{10, 100}, scores}, sparsity)), std::round(1000 * sparsity)) << sparsity;
}

TEST(Masks, BlocksGoTogether) {
  const std::vector<float> scores{1, 1, 9, 0,  //
                                  1, 1, 0, 0,  //
                                  5, 5, 1, 2,  //
                                  5, 5, 1, 2};
  ScoredWeights weights{{4, 4}, scores, {.block = {2, 2}}};
  EXPECT_THAT(values_of(*mask_of(weights, 0.5)), ElementsAre(0, 0, 1, 1,  //
                                                             0, 0, 1, 1,  //
                                                             1, 1, 0, 0,  //
                                                             1, 1, 0, 0));
  weights.pattern.block_score = BlockScore::Maximum;
  EXPECT_THAT(values_of(*mask_of(weights, 0.25)), ElementsAre(0, 0, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1));
}

TEST(Masks, BlocksAtAnEdgeAreSmaller) {
  const std::vector<float> scores{1, 1, 0, 1, 1, 0, 2, 2, 3};
  EXPECT_THAT(values_of(*mask_of({{3, 3}, scores, {.block = {2, 2}}}, 0.6)), ElementsAre(0, 0, 0,  //
                                                                                         0, 0, 0,  //
                                                                                         1, 1, 1));
}

TEST(Masks, NOfMKeepsTheLargestOfEachGroup) {
  const std::vector<float> scores{4, 3, 2, 1, 1, 2, 3, 4, 7, 7};
  const ScoredWeights weights{{1, 10}, scores, {.n = 2, .m = 4}};
  EXPECT_THAT(values_of(*mask_of(weights, 0.5)), ElementsAre(1, 1, 0, 0, 0, 0, 1, 1, 1, 1));
  // On the way there only what will go is gone.
  EXPECT_THAT(values_of(*mask_of(weights, 0.2)), ElementsAre(1, 1, 1, 0, 0, 1, 1, 1, 1, 1));
}

TEST(Masks, AGlobalBudgetComparesTensors) {
  const std::vector<float> small{1, 2, 3, 4}, large{10, 20, 30, 40};
  const auto masks = masks_of({{{4}, small}, {{4}, large}}, SparsityBudget::Global, 0.5);
  EXPECT_EQ(zeros((*masks)[0]), 4);
  EXPECT_EQ(zeros((*masks)[1]), 0);
  const auto uniform = masks_of({{{4}, small}, {{4}, large}}, SparsityBudget::Uniform, 0.5);
  EXPECT_EQ(zeros((*uniform)[0]), 2);
  EXPECT_EQ(zeros((*uniform)[1]), 2);
}

TEST(Masks, LampComparesSharesOfWhatIsLarger) {
  // Shares: 1/30, 4/29, 9/25, 1 in both, whatever their scale; of equal ones the later tensor's go.
  const std::vector<float> small{1, 2, 3, 4}, large{10, 20, 30, 40};
  const auto masks = masks_of({{{4}, small}, {{4}, large}}, SparsityBudget::Lamp, 0.5);
  EXPECT_THAT(values_of((*masks)[0]), ElementsAre(0, 0, 1, 1));
  EXPECT_THAT(values_of((*masks)[1]), ElementsAre(0, 0, 1, 1));
  // One weight that outweighs its layer is kept, and so is each layer's largest.
  const std::vector<float> peaked{1, 1, 1, 100}, flat{5, 5, 5, 5};
  const auto uneven = masks_of({{{4}, peaked}, {{4}, flat}}, SparsityBudget::Lamp, 0.75);
  EXPECT_THAT(values_of((*uneven)[0]), ElementsAre(0, 0, 0, 1));
  EXPECT_THAT(values_of((*uneven)[1]), ElementsAre(1, 0, 0, 0));
}

}  // namespace
}  // namespace pare
