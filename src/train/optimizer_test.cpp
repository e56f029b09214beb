#include "train/optimizer.h"

#include <gmock/gmock.h>

#include <cmath>

#include "ops/updates.h"
#include "testing/operators.h"

namespace pare {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatEq;
using testing::results_of;

std::vector<float> floats(const Tensor& tensor) {
  return {tensor.values<float>().begin(), tensor.values<float>().end()};
}
Tensor vector(std::initializer_list<float> values) { return Tensor::vector<float>(std::vector<float>(values)); }
Tensor one(float value) { return vector({value}); }

TEST(Damping, GrowsAsACosineFalls) {
  EXPECT_EQ(damping_at(3, 0, 100), 0);
  EXPECT_NEAR(damping_at(3, 50, 100), 1.5, 1e-12);
  EXPECT_NEAR(damping_at(3, 100, 100), 3, 1e-12);
}

TEST(SgdUpdate, IsThatOfItsFormula) {
  const auto updated = results_of("sgd_update", {vector({1, 2}), vector({10, -10}), vector({0.5f, 0}), one(0.1f)},
                                  SgdAttributes{.momentum = 0.5f, .decay = 0.2f}, 2);
  EXPECT_THAT(floats(updated[1]), ElementsAre(FloatEq(0.25f - 1), FloatEq(1)));
  EXPECT_THAT(floats(updated[0]), ElementsAre(FloatEq(0.98f - 0.75f), FloatEq(1.96f + 1)));
  const auto ahead = results_of("sgd_update", {vector({1, 2}), vector({10, -10}), vector({0.5f, 0}), one(0.1f)},
                                SgdAttributes{.momentum = 0.5f, .nesterov = true}, 2);
  EXPECT_THAT(floats(ahead[0]), ElementsAre(FloatEq(1 - 0.375f - 1), FloatEq(2 + 0.5f + 1)));
}

TEST(AdamUpdate, MovesByTheRateAtFirst) {
  const float step = static_cast<float>(adam_step(0.01, 1));
  const auto updated = results_of(
      "adam_update", {vector({1, 2}), vector({3, -0.5f}), vector({0, 0}), vector({0, 0}), one(0.01f), one(step)},
      AdamAttributes{}, 3);
  EXPECT_NEAR(floats(updated[0])[0], 0.99f, 1e-5);
  EXPECT_NEAR(floats(updated[0])[1], 2.01f, 1e-5);
  EXPECT_THAT(floats(updated[1]), ElementsAre(FloatEq(0.3f), FloatEq(-0.05f)));
}

TEST(RmspropUpdate, IsThatOfItsFormula) {
  const auto updated = results_of("rmsprop_update", {one(1), one(2), one(5), one(0.5f), one(0.1f)},
                                  RmspropAttributes{.rho = 0.9f, .momentum = 0.5f}, 3);
  const float square = 0.9f * 5 + 0.1f * 4, velocity = 0.25f + 0.2f / std::sqrt(square);
  EXPECT_NEAR(floats(updated[1])[0], square, 1e-5);
  EXPECT_NEAR(floats(updated[0])[0], 1 - velocity, 1e-5);
}

TEST(MovingAverage, TakesItsMomentumAsAnOperandToo) {
  const MovingAverageAttributes attributes{.momentum = 0.75f};
  EXPECT_THAT(floats(results_of("moving_average", {vector({0, 4}), vector({4, 8})}, attributes, 1)[0]),
              ElementsAre(1, 5));
  EXPECT_THAT(floats(results_of("moving_average", {vector({0, 4}), vector({4, 8}), one(0.5f)}, attributes, 1)[0]),
              ElementsAre(2, 6));
}

TEST(AverageMomentum, ForgetsTheBeginning) {
  EXPECT_DOUBLE_EQ(average_momentum(0.999, 1), 2. / 11);
  EXPECT_DOUBLE_EQ(average_momentum(0.999, 90), 0.91);
  EXPECT_DOUBLE_EQ(average_momentum(0.999, 100'000), 0.999);
}

TEST(Updates, RefuseOtherShapes) {
  EXPECT_EQ(testing::inferred_of("sgd_update", {vector({1, 2}), vector({1}), vector({1, 2}), one(1)}),
            "an operand is [1] for weights [2]");
  EXPECT_EQ(testing::inferred_of("sgd_update", {vector({1, 2}), vector({1, 1}), vector({1, 2}), vector({1, 2})}),
            "operand 3 has the shape [2], one element was expected");
}

TEST(RateAt, FollowsEachSchedule) {
  const auto rates = [](ScheduleOptions options) {
    options.rate = 1;
    std::vector<double> all;
    for (const int64_t step : {0, 25, 50, 75, 100})
      all.push_back(std::round(rate_at(options, step, 100) * 1000) / 1000);
    return all;
  };
  EXPECT_THAT(rates({.schedule = Schedule::Constant}), ElementsAre(1, 1, 1, 1, 1));
  EXPECT_THAT(rates({.schedule = Schedule::Step}), ElementsAre(1, 1, 0.1, 0.01, 0.01));
  EXPECT_THAT(rates({.schedule = Schedule::Polynomial, .power = 2}), ElementsAre(1, 0.563, 0.25, 0.063, 0));
  EXPECT_THAT(rates({.schedule = Schedule::Cosine, .last = 0.1}), ElementsAre(1, 0.868, 0.55, 0.232, 0.1));
  EXPECT_THAT(rates({.schedule = Schedule::Cosine, .warm_up = 0.5}), ElementsAre(0.02, 0.52, 1, 0.5, 0));
  EXPECT_THAT(rates({.schedule = Schedule::OneCycle}), ElementsAre(0.04, 0.936, 0.812, 0.283, 0));
}

}  // namespace
}  // namespace pare
