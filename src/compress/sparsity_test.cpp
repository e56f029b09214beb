#include "compress/sparsity.h"

#include <gmock/gmock.h>

namespace pare {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(SparsitySchedule, RisesByThePower) {
  const SparsitySchedule schedule{.initial = 0.2, .final = 0.8, .begin = 0.1, .end = 0.5, .power = 3, .every = 10};
  EXPECT_EQ(sparsity_from(schedule, 9, 100), std::nullopt);
  EXPECT_DOUBLE_EQ(*sparsity_from(schedule, 10, 100), 0.2);
  EXPECT_EQ(sparsity_from(schedule, 15, 100), std::nullopt);
  EXPECT_DOUBLE_EQ(*sparsity_from(schedule, 30, 100), 0.8 - 0.6 / 8);
  EXPECT_DOUBLE_EQ(*sparsity_from(schedule, 50, 100), 0.8);
  EXPECT_EQ(sparsity_from(schedule, 60, 100), std::nullopt);
}

TEST(SparsitySchedule, AlwaysComesToItsEnd) {
  for (const int64_t steps : {1, 2, 7, 53, 1000})
    for (const double end : {0., 0.5, 1.}) {
      std::optional<double> last;
      for (int64_t step = 0; step < steps; ++step)
        if (const auto sparsity = sparsity_from({.final = 0.9, .end = end, .every = 13}, step, steps)) last = sparsity;
      EXPECT_EQ(last, 0.9) << steps << ", " << end;
    }
}

TEST(SparsitySchedule, SaysWhatIsWrong) {
  EXPECT_THAT(check_schedule({.final = 1.5}).error().message, HasSubstr("the sparsity 1.5 is not from 0 to 1"));
  EXPECT_THAT(check_schedule({.begin = 0.6, .end = 0.5}).error().message, HasSubstr("from a share of 0.6 to 0.5"));
  EXPECT_THAT(check_schedule({.power = 0}).error().message, HasSubstr("the power 0"));
}

TEST(SparsityPattern, SaysWhatIsWrong) {
  EXPECT_THAT(check_pattern({.block = {2, 2}, .n = 2, .m = 4}).error().message, HasSubstr("not both"));
  EXPECT_THAT(check_pattern({.block = {0, 4}}).error().message, HasSubstr("the block 0x4 has an extent below 1"));
  EXPECT_THAT(check_pattern({.n = 4, .m = 4}).error().message, HasSubstr("4:4 was given"));
  EXPECT_THAT(block_extents({.block = {1, 2, 3}}, {4, 4}).error().message,
              HasSubstr("the block 1x2x3 has 3 extents, the weights [4, 4] have 2 axes"));
}

TEST(SparsityPattern, TwoExtentsAreThoseOfOutputsAndInputs) {
  EXPECT_THAT(*block_extents({.block = {4, 2}}, {8, 3, 3, 16}), ElementsAre(4, 1, 1, 2));
  EXPECT_THAT(*block_extents({.block = {1, 3, 3, 1}}, {8, 3, 3, 16}), ElementsAre(1, 3, 3, 1));
}

TEST(Erk, GivesLargeTensorsMoreZeros) {
  const std::vector<Shape> shapes{{16, 3, 3, 3}, {64, 3, 3, 64}, {10, 64}};
  const std::vector<double> sparsities = erk_sparsities(shapes, 0.8);
  double zeros = 0, all = 0;
  for (size_t i = 0; i < shapes.size(); ++i) {
    zeros += sparsities[i] * static_cast<double>(shapes[i].elements());
    all += static_cast<double>(shapes[i].elements());
  }
  EXPECT_THAT(zeros / all, DoubleNear(0.8, 1e-9));
  EXPECT_EQ(sparsities[0], 0);  // it would be denser than dense
  EXPECT_GT(sparsities[1], sparsities[2]);
  EXPECT_THAT(erk_sparsities({{4, 4}}, 1), ElementsAre(1));
}

}  // namespace
}  // namespace pare
