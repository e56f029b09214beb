#include "compress/exchange.h"

#include <gmock/gmock.h>

namespace pare {
namespace {

using ::testing::ElementsAre;

TEST(Exchange, TheSmallestGoForThoseOfTheLargestGradients) {
  const Tensor mask = Tensor::of<float>({2, 4}, {1, 0, 1, 1, 0, 0, 1, 0});
  const std::vector<float> magnitudes{5, 9, 1, 3, 9, 9, 2, 9}, gradients{9, 2, 9, 9, 1, 3, 9, 0};
  const Exchange done = exchange(mask, magnitudes, gradients, 0.5);
  EXPECT_THAT(done.mask.values<float>(), ElementsAre(1, 1, 0, 1, 0, 1, 0, 0));
  EXPECT_THAT(done.grown, ElementsAre(5, 1));
}

TEST(Exchange, NoMoreComeThanAreAbsent) {
  const Tensor mask = Tensor::of<float>({4}, {1, 1, 1, 0});
  const Exchange done = exchange(mask, std::vector<float>{1, 1, 1, 1}, std::vector<float>{0, 0, 0, 0}, 1);
  EXPECT_THAT(done.mask.values<float>(), ElementsAre(1, 1, 0, 1));
  EXPECT_THAT(exchange(mask, std::vector<float>{1, 2, 3, 4}, std::vector<float>{0, 0, 0, 0}, 0).mask.values<float>(),
              ElementsAre(1, 1, 1, 0));
}

TEST(Exchange, FewerAndFewerMove) {
  EXPECT_DOUBLE_EQ(exchanged_share(0), 0.3);
  EXPECT_DOUBLE_EQ(exchanged_share(0.5), 0.15);
  EXPECT_NEAR(exchanged_share(1), 0, 1e-12);
}

}  // namespace
}  // namespace pare
