#include "steps/teacher.h"

#include <gmock/gmock.h>

#include "formats/formats.h"
#include "steps/train.h"
#include "testing/data_folder.h"
#include "testing/graphs.h"

namespace pare {
namespace {

using ::testing::HasSubstr;
using testing::model_of;
using testing::random_tensor;

// Dense layers "hidden" and "y" of the shape 4, `width`, `classes`.
Model network_of(int64_t width, int64_t classes, std::string_view end = "softmax", int64_t inputs = 4) {
  Random random(static_cast<uint64_t>(width));
  GraphBuilder build;
  Value* x = build.input("x", {kDynamic, inputs});
  const auto dense = [&](Value* src, int64_t to, std::string_view activation, const std::string& name) {
    Value* weights = build.constant(name + "/w", random_tensor({to, src->type.shape[-1]}, random));
    Value* out = build.op("fully_connected", {src, weights}, {}, name + "/dense");
    return activation.empty() ? out : build.op(activation, {out}, {}, name);
  };
  return model_of(build.finish({dense(dense(x, width, "relu", "hidden"), classes, end, "y")}));
}

class TeacherTest : public testing::DataFolder {
 protected:
  DataSet set(bool labels, int64_t classes = 3) const {
    Random random(5);
    Tensor y(DType::Int64, {120});
    for (int64_t& each : y.mutable_values<int64_t>()) each = random.below(classes);
    const Tensor x = random_tensor({120, 4}, random);
    if (labels)
      samples(x, y, fmt::format("kind = 'class'\nclasses = {}", classes));
    else
      samples(x, {}, "kind = 'none'");
    auto opened = DataSet::open(folder_ / "set.toml");
    if (!opened) throw std::runtime_error(opened.error().to_string());
    return std::move(*opened);
  }

  TrainOptions options(const Model& teacher) const {
    TrainOptions options{.epochs = 20, .batch = 16, .schedule = {.rate = 0.03}};
    options.teacher = &teacher;
    return options;
  }

  static std::string message(const Model& student, const DataSet& data, const TrainOptions& options) {
    const auto result = train(student, data, options);
    return result ? "it went well" : result.error().to_string();
  }
};

TEST_F(TeacherTest, WithoutLabelsEpochsAreJudgedByTheTeacher) {
  const Model teacher = network_of(16, 3);
  const auto result = train(network_of(8, 3), set(false), options(teacher));
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(result->criterion, Criterion::Agreement);
  EXPECT_EQ(result->validation_samples, 12);
  EXPECT_GT(*result->fit.epochs.back().score, 0.8);
  EXPECT_FALSE(result->distillation->options.use_targets);
  EXPECT_FALSE(result->distillation->score.has_value());
  EXPECT_TRUE(result->distillation->kept);
}

TEST_F(TeacherTest, LabelsThatAreNotToBeUsedDoNotMatter) {
  const Model teacher = network_of(16, 3);
  TrainOptions unlabelled = options(teacher);
  unlabelled.distillation.use_targets = false;
  // Labels of seven classes, which the network could not tell apart.
  const auto without = train(network_of(8, 3), set(false), unlabelled),
             ignored = train(network_of(8, 3), set(true, 7), unlabelled);
  ASSERT_TRUE(without && ignored);
  EXPECT_EQ(ignored->criterion, Criterion::Agreement);
  EXPECT_FALSE(ignored->fit.epochs.back().progress.accuracy.has_value());
}

TEST_F(TeacherTest, OutputsWithoutProbabilitiesAreComparedBySquares) {
  const Model teacher = network_of(16, 3, "");
  const TrainOptions squares = options(teacher);
  const auto result = train(network_of(8, 3, ""), set(false), squares);
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(result->criterion, Criterion::TeacherMse);
  EXPECT_EQ(*result->distillation->options.soft_loss, SoftLoss::Mse);
  EXPECT_GT(*result->fit.epochs.back().score, *result->fit.epochs.front().score);
}

TEST_F(TeacherTest, WithLabelsTheTeacherIsJudgedToo) {
  const Model teacher = network_of(16, 3);
  const auto result = train(network_of(8, 3), set(true), options(teacher));
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_EQ(result->criterion, Criterion::Accuracy);
  EXPECT_TRUE(result->fit.epochs.back().progress.accuracy.has_value());
  EXPECT_TRUE(result->distillation->score.has_value());
}

TEST_F(TeacherTest, WhatDoesNotFitIsAnError) {
  const Model student = network_of(8, 3), teacher = network_of(16, 3);
  EXPECT_THAT(message(student, set(true), options(network_of(16, 3, "softmax", 5))),
              HasSubstr("the teacher takes f32[?, 5], the student f32[?, 4]; both must take the same samples"));
  EXPECT_THAT(message(student, set(true), options(network_of(16, 4))),
              HasSubstr("the teacher gives [16, 4] for a batch, the student [16, 3]"));
  EXPECT_THAT(message(student, set(true),
                      options(model_of("graph (%x: f32[?, 4], %z: f32[?, 4]) { %y = add(%x, %z) return %y }"))),
              HasSubstr("the teacher has 2 inputs, the student 1"));
  TrainOptions bad = options(teacher);
  bad.distillation.temperature = 0;
  EXPECT_THAT(message(student, set(true), bad), HasSubstr("the temperature is 0"));
  bad = options(teacher);
  bad.distillation.soft_loss = SoftLoss::Kl;
  EXPECT_THAT(message(network_of(8, 3, ""), set(false), bad),
              HasSubstr("the loss 'mse' takes none; choose mse as soft loss"));
  bad = options(teacher);
  bad.distillation.features = {{"hidden", "nowhere"}};
  EXPECT_THAT(message(student, set(true), bad), HasSubstr("the teacher: no value is called 'nowhere'"));
  TrainOptions alone;
  EXPECT_THAT(message(student, set(false), alone), HasSubstr("has no targets to learn"));
}

TEST_F(TeacherTest, ARunIsTakenUpWithTheSameTeacherOnly) {
  const Model teacher = network_of(16, 3);
  TrainOptions kept = options(teacher);
  kept.checkpoint = (folder_ / "run.pare").string();
  const DataSet data = set(true);
  const auto whole = train(network_of(8, 3), data, kept);
  ASSERT_TRUE(whole) << whole.error().to_string();
  kept.resume = true;
  const auto again = train(network_of(8, 3), data, kept);
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_EQ(again->fit.epochs.size(), whole->fit.epochs.size());
  Model other = teacher.clone();
  Tensor weights = *other.main().find_value("y/w")->data;
  weights.mutable_values<float>()[3] += 1;
  other.main().find_value("y/w")->data = weights;
  kept.teacher = &other;
  EXPECT_THAT(message(network_of(8, 3), data, kept), HasSubstr("the run that was kept has teacher = "));
  kept.teacher = nullptr;
  EXPECT_THAT(message(network_of(8, 3), data, kept), HasSubstr("now it is null"));
  kept.teacher = &teacher;
  kept.distillation.temperature = 2;
  EXPECT_THAT(message(network_of(8, 3), data, kept),
              HasSubstr("the run that was kept has temperature = 4.0, now it is 2.0"));
}

}  // namespace
}  // namespace pare
