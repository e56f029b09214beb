#include "train/fit.h"

#include <gmock/gmock.h>

#include "testing/data_folder.h"
#include "testing/graphs.h"

namespace pare {
namespace {

using ::testing::Each;
using testing::random_tensor;
using ::testing::SizeIs;

// Points in the plane: class 1 where x + y > 0.
class FitTest : public testing::DataFolder {
 protected:
  DataView points(int64_t count) const {
    Random random(5);
    Tensor x(DType::Float32, {count, 2}), y(DType::Int64, {count});
    for (int64_t n = 0; n < count; ++n) {
      const float a = random.uniform(-1, 1), b = random.uniform(-1, 1);
      x.mutable_values<float>()[static_cast<size_t>(2 * n)] = a;
      x.mutable_values<float>()[static_cast<size_t>(2 * n + 1)] = b;
      y.mutable_values<int64_t>()[static_cast<size_t>(n)] = a + b > 0 ? 1 : 0;
    }
    return samples(x, y, "kind = 'class'\nclasses = 2");
  }

  static Trainer trainer() {
    Random random(1);
    GraphBuilder build;
    Value* x = build.input("x", {kDynamic, 2});
    Value* w = build.constant("w", random_tensor({2, 2}, random));
    Value* b = build.constant("b", Tensor(DType::Float32, {2}));
    auto made = Trainer::create(build.finish({build.op("softmax", {build.op("fully_connected", {x, w, b})})}),
                                {.batch = 16}, 1);
    if (!made) throw std::runtime_error(made.error().to_string());
    return std::move(*made);
  }

  const FitOptions options_{.epochs = 8, .batches = {.batch = 16}, .schedule = {.rate = 0.05}};
};

TEST_F(FitTest, LearnsAndReportsEachEpoch) {
  Trainer subject = trainer();
  int steps = 0;
  std::vector<EpochRecord> seen;
  const auto result = fit(subject, points(200), options_,
                          {.on_step = [&](const Progress&) { ++steps; },
                           .on_epoch = [&](const EpochRecord& record) -> Expected<void> {
                             seen.push_back(record);
                             return {};
                           }});
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(steps, 8 * 13);  // 12 batches of 16 and one of 8
  ASSERT_THAT(seen, SizeIs(8));
  EXPECT_EQ(seen.back().progress.samples, 200);
  EXPECT_LT(seen.back().progress.loss, seen.front().progress.loss);
  EXPECT_GT(*seen.back().progress.accuracy, 0.95);
  EXPECT_NEAR(seen.back().rate, 0, 1e-9);  // the end of the cosine
  EXPECT_EQ(result->best_epoch, 8);
}

TEST_F(FitTest, KeepsTheBestWeightsAndStopsWithoutBetterOnes) {
  Trainer subject = trainer();
  FitOptions options = options_;
  options.patience = 2;
  std::vector<Tensor> at_best;
  const std::vector<double> scores{0.5, 0.7, 0.6, 0.7, 0.9};
  size_t asked = 0;
  const auto judge = [&](const Trainer& now) -> Expected<double> {
    if (asked == 1) at_best.emplace_back(now.state()[0].dtype(), now.state()[0].shape(), now.state()[0].bytes());
    return scores[asked++];
  };
  const auto result = fit(subject, points(64), options, {.judge = judge});
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_TRUE(result->stopped_early);
  EXPECT_EQ(result->best_epoch, 2);
  EXPECT_THAT(result->epochs, SizeIs(4));
  EXPECT_TRUE(subject.state()[0] == at_best[0]);
}

TEST_F(FitTest, GoesOnFromAnyCheckpointAsIfNothingHadHappened) {
  const DataView view = points(100);
  FitOptions options = options_;
  options.epochs = 3;
  options.checkpoint_seconds = 0;  // after each batch
  Trainer whole = trainer();
  std::vector<FitState> states;
  const auto judge = [](const Trainer& now) -> Expected<double> { return now.state()[0].values<float>()[0]; };
  const auto result =
      fit(whole, view, options, {.judge = judge, .on_checkpoint = [&](const FitState& state) -> Expected<void> {
                                   states.push_back(state);
                                   return {};
                                 }});
  ASSERT_TRUE(result) << result.error().to_string();
  ASSERT_THAT(states, SizeIs(3 * 7 + 3));
  for (const size_t at : {0u, 4u, 7u, 12u, 23u}) {
    Trainer resumed = trainer();
    const auto again = fit(resumed, view, options, {.judge = judge}, states[at]);
    ASSERT_TRUE(again) << again.error().to_string();
    EXPECT_TRUE(resumed.state()[0] == whole.state()[0]) << at;
    EXPECT_EQ(again->best_epoch, result->best_epoch);
    EXPECT_EQ(again->epochs.back().progress.loss, result->epochs.back().progress.loss);
  }
}

TEST_F(FitTest, EndsWhereACheckpointCannotBeKept) {
  Trainer subject = trainer();
  const auto result =
      fit(subject, points(64), options_,
          {.on_checkpoint = [](const FitState&) -> Expected<void> { return fail(ErrorCode::Io, "the disk is full"); }});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "the disk is full");
}

TEST_F(FitTest, TheSameSeedGivesTheSameWeights) {
  const DataView view = points(100);
  std::vector<Tensor> ends;
  for (int run = 0; run < 2; ++run) {
    Trainer subject = trainer();
    ASSERT_TRUE(fit(subject, view, options_, {}));
    ends.emplace_back(subject.state()[0].dtype(), subject.state()[0].shape(), subject.state()[0].bytes());
  }
  EXPECT_TRUE(ends[0] == ends[1]);
}

}  // namespace
}  // namespace pare
