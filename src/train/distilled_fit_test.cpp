// Training with a teacher, from the step to the whole run.
#include <gmock/gmock.h>

#include "ops/pool_2d.h"
#include "testing/data_folder.h"
#include "testing/graphs.h"
#include "train/fit.h"

namespace pare {
namespace {

using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using testing::random_tensor;

// Images of 6 x 6 x 2 to three classes: convolution "conv", normalisation "norm", "clipped", "pool" and a softmax.
Graph network_of(int64_t channels, uint64_t seed) {
  Random random(seed);
  GraphBuilder build;
  const auto constant = [&](std::string name, Shape shape, float low, float high) {
    return build.constant(std::move(name), random_tensor(std::move(shape), random, low, high));
  };
  Value* x = build.input("x", {kDynamic, 6, 6, 2});
  Value* conv = build.op("conv_2d", {x, constant("conv/w", {channels, 3, 3, 2}, -0.5f, 0.5f)}, {}, "conv");
  Value* norm = build.op("batch_normalization",
                         {conv, constant("gamma", {channels}, 1, 1), constant("beta", {channels}, 0, 0),
                          constant("mean", {channels}, 0, 0), constant("variance", {channels}, 1, 1)},
                         {}, "norm");
  Value* clipped = build.op("relu6", {norm}, {}, "clipped");
  Value* pool = build.op("average_pool_2d", {clipped},
                         Pool2dAttributes{.window_h = 6, .window_w = 6, .stride_h = 6, .stride_w = 6}, "pool");
  Value* dense = build.op("fully_connected", {pool, constant("dense/w", {3, channels}, -3, 3)}, {}, "dense");
  return build.finish({build.op("softmax", {dense}, {}, "y")});
}

class DistilledFit : public testing::DataFolder {
 protected:
  DataView images(bool labels = true) const {
    Random random(5);
    Tensor y(DType::Int64, {100});
    for (int64_t& each : y.mutable_values<int64_t>()) each = random.below(3);
    const Tensor x = random_tensor({100, 6, 6, 2}, random);
    return labels ? samples(x, y, "kind = 'class'\nclasses = 3") : samples(x);
  }

  static std::shared_ptr<Scorer> teacher_of(const std::vector<FeaturePair>& features) {
    std::vector<std::string> values;
    for (const FeaturePair& pair : features) values.push_back(pair.teacher);
    auto scorer = Scorer::create(network_of(12, 2), Loss::CrossEntropy, values, 2);
    if (!scorer) throw std::runtime_error(scorer.error().to_string());
    return std::make_shared<Scorer>(std::move(*scorer));
  }

  static Trainer trainer_of(const DistillationOptions& options, const std::shared_ptr<Scorer>& teacher) {
    auto trainer = Trainer::create(network_of(4, 1), {.batch = 16, .teacher = teacher, .distillation = options}, 1);
    if (!trainer) throw std::runtime_error(trainer.error().to_string());
    return std::move(*trainer);
  }

  static FitResult fitted(Trainer& trainer, const DataView& view, const FitOptions& options,
                          const FitCallbacks& callbacks = {}, std::optional<FitState> from = {}) {
    auto result = fit(trainer, view, options, callbacks, std::move(from));
    if (!result) throw std::runtime_error(result.error().to_string());
    return *result;
  }

  static double likeness_after(Trainer& trainer, const DataView& view, const std::shared_ptr<Scorer>& teacher) {
    Graph network = network_of(4, 1);
    trainer.store_into(network);
    auto student = Scorer::create(network, Loss::CrossEntropy, {}, 1);
    return likeness((*student->run(view.source()))[0], (*teacher->run(view.source()))[0], Loss::CrossEntropy);
  }

  const FitOptions options_{.epochs = 40, .batches = {.batch = 16}, .schedule = {.rate = 0.03}};
  const std::vector<FeaturePair> features_{{"clipped", "clipped"}, {"pool", "pool"}};
};

TEST_F(DistilledFit, WithoutLabelsTheStudentBecomesLikeTheTeacher) {
  const DataView view = images(false);
  for (const SoftLoss loss : {SoftLoss::Kl, SoftLoss::Dist, SoftLoss::Mse}) {
    const std::shared_ptr<Scorer> teacher = teacher_of({});
    ASSERT_TRUE(teacher->keep(view, 1 << 20));
    Trainer student = trainer_of({.soft_loss = loss, .temperature = 2, .use_targets = false}, teacher);
    const FitResult result = fitted(student, view, options_);
    EXPECT_LT(result.epochs.back().progress.loss, 0.5 * result.epochs.front().progress.loss) << to_string(loss);
    EXPECT_FALSE(result.epochs.back().progress.accuracy.has_value());
    EXPECT_GT(likeness_after(student, view, teacher), 0.85) << to_string(loss);
  }
}

TEST_F(DistilledFit, RegressorsAreLearnedAndStayBehind) {
  const std::shared_ptr<Scorer> teacher = teacher_of(features_);
  Trainer student = trainer_of({.features = features_}, teacher);
  std::vector<std::string> beside;
  for (const CarriedTensor& each : student.carried())
    if (each.constant.empty()) beside.push_back(each.name);
  EXPECT_THAT(beside, IsSupersetOf({"distillation/regressor_1/weights", "distillation/regressor_2/bias"}));
  const FitResult result = fitted(student, images(), options_);
  EXPECT_LT(result.epochs.back().progress.loss, 0.8 * result.epochs.front().progress.loss);
  Graph network = network_of(4, 1);
  student.store_into(network);
  EXPECT_EQ(network.values().size(), network_of(4, 1).values().size());
}

TEST_F(DistilledFit, GoesOnFromAnyCheckpointAsIfNothingHadHappened) {
  const DataView view = images();
  for (const bool augmented : {false, true}) {
    FitOptions options = options_;
    options.epochs = 3;
    options.checkpoint_seconds = 0;  // after each batch
    if (augmented) options.batches.augmentation = {.flip = 0.5f, .mixup = 0.2f};
    const auto trainer = [&] {
      const std::shared_ptr<Scorer> teacher = teacher_of(features_);
      if (!augmented) { EXPECT_TRUE(teacher->keep(view, 1 << 20)); }
      return trainer_of({.soft_loss = SoftLoss::Dist, .features = features_}, teacher);
    };
    Trainer whole = trainer();
    std::vector<FitState> states;
    fitted(whole, view, options, {.on_checkpoint = [&](const FitState& state) -> Expected<void> {
             states.push_back(state);
             return {};
           }});
    for (const size_t at : {0u, 5u, 12u}) {
      Trainer resumed = trainer();
      fitted(resumed, view, options, {}, states.at(at));
      for (size_t i = 0; i < whole.state().size(); ++i)
        EXPECT_TRUE(resumed.state()[i] == whole.state()[i]) << whole.carried()[i].name;
    }
  }
}

TEST_F(DistilledFit, SaysWhatIsMissing) {
  const auto message = [&](const DistillationOptions& options) {
    return Trainer::create(network_of(4, 1),
                           {.batch = 16, .teacher = teacher_of(options.features), .distillation = options}, 1)
        .error()
        .message;
  };
  EXPECT_THAT(message({.features = {{"stem", "pool"}}}),
              HasSubstr("the student has no value 'stem'; `pare inspect --layers` lists their names"));
  EXPECT_THAT(message({.features = {{"conv", "pool"}}}),
              HasSubstr("'conv' of the student is [16, 6, 6, 4], 'pool' of the teacher [16, 1, 1, 12]"));
  Trainer student = trainer_of({}, teacher_of({}));
  EXPECT_THAT(fit(student, images(false), options_, {}).error().message, HasSubstr("a batch has f32[0] for 'targets'"));
}

}  // namespace
}  // namespace pare
