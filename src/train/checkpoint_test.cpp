#include "train/checkpoint.h"

#include <gmock/gmock.h>

#include "testing/graphs.h"

namespace pare {
namespace {

using ::testing::HasSubstr;
using testing::model_of;

const std::vector<CarriedTensor> kLayout{{"w", Tensor(DType::Float32, {2}), 0, 1, "w"},
                                         {"w/m", Tensor(DType::Float32, {2}), 1, 2}};

FitState state_of() {
  FitState state;
  state.so_far.epochs.push_back(
      {.progress =
           {.epoch = 1, .epochs = 3, .samples = 10, .samples_of_epoch = 10, .loss = 0.1, .accuracy = 0.7, .seconds = 2},
       .rate = 0.01,
       .score = 0.8,
       .best = true});
  state.so_far.best_epoch = 1;
  state.progress = {.epoch = 2, .epochs = 3, .samples = 4, .samples_of_epoch = 10, .loss = 1. / 3, .seconds = 1};
  state.batches = 2;
  state.loss_sum = 4. / 3;
  state.right = 3;
  state.steps = 7;
  state.carried = {Tensor::vector<float>({1, 2}), Tensor::vector<float>({3, 4})};
  state.best = {Tensor::vector<float>({5, 6}), Tensor::vector<float>({7, 8})};
  return state;
}

Model model() { return model_of("graph (%x: f32[2]) { %y = relu(%x) return %y }"); }

TEST(Checkpoint, ComesBackToTheBit) {
  Model kept = model();
  store_training(state_of(), kLayout, R"({"lr": 0.1})", kept);
  const auto state = stored_training(kept, kLayout, R"({"lr": 0.1})");
  ASSERT_TRUE(state) << state.error().to_string();
  EXPECT_EQ(state->progress.loss, 1. / 3);
  EXPECT_EQ(state->loss_sum, 4. / 3);
  EXPECT_EQ(state->steps, 7);
  EXPECT_EQ(state->so_far.epochs[0].score, 0.8);
  EXPECT_EQ(state->so_far.epochs[0].progress.accuracy, 0.7);
  EXPECT_FALSE(state->progress.accuracy.has_value());
  EXPECT_TRUE(state->carried[1] == state_of().carried[1]);
  EXPECT_TRUE(state->best[0] == state_of().best[0]);
}

TEST(Checkpoint, IsRefusedUnderOtherSettings) {
  Model kept = model();
  store_training(state_of(), kLayout, R"({"batch": 32, "lr": 0.1})", kept);
  const auto state = stored_training(kept, kLayout, R"({"batch": 32, "lr": 0.2})");
  ASSERT_FALSE(state);
  EXPECT_THAT(state.error().message, HasSubstr("the run that was kept has lr = 0.1, now it is 0.2"));
}

TEST(Checkpoint, IsTakenOutWhole) {
  Model kept = model();
  kept.extras["trainings"] = std::string("of another kind");
  store_training(state_of(), kLayout, "{}", kept);
  drop_training(kept);
  EXPECT_EQ(kept.extras.size(), 1u);
}

TEST(Checkpoint, DamageIsAnError) {
  EXPECT_THAT(stored_training(model(), kLayout, "{}").error().message, HasSubstr("it holds no state of a training"));
  Model kept = model();
  store_training(state_of(), kLayout, "{}", kept);
  Model missing = kept.clone();
  missing.extras.erase("training/now/w/m");
  EXPECT_THAT(stored_training(missing, kLayout, "{}").error().message, HasSubstr("the state of 'w/m' is missing"));
  for (const char* text : {"{", "{}", "[1]", R"({"epochs": [{}]})"}) {
    Model damaged = kept.clone();
    damaged.extras["training"] = std::string(text);
    EXPECT_THAT(stored_training(damaged, kLayout, "{}").error().message, HasSubstr("damaged")) << text;
  }
}

}  // namespace
}  // namespace pare
