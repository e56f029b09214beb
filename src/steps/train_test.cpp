#include "steps/train.h"

#include <gmock/gmock.h>

#include "ops/join_split.h"
#include "steps/qat.h"
#include "testing/data_folder.h"
#include "testing/graphs.h"

namespace pare {
namespace {

using ::testing::HasSubstr;
using testing::model_of;
using testing::random_tensor;

// A network of two inputs, "a" and "b", whose class is the sign of the one number of "b"; the file has "b" first.
class TwoInputs : public testing::DataFolder {
 protected:
  static Model network(std::string_view second = "b") {
    Random random(3);
    GraphBuilder build;
    Value *a = build.input("a", {kDynamic, 2}), *b = build.input(std::string(second), {kDynamic, 1});
    Value* both = build.op("concatenation", {a, b}, ConcatenationAttributes{.axis = 1}, "both");
    Value* w = build.constant("w", random_tensor({2, 3}, random));
    Value* scores =
        build.op("fully_connected", {both, w, build.constant("bias", Tensor(DType::Float32, {2}))}, {}, "scores");
    return model_of(build.finish({build.op("softmax", {scores}, {}, "y")}));
  }

  DataSet set() const {
    Random random(4);
    const Tensor a = random_tensor({200, 2}, random), b = random_tensor({200, 1}, random);
    Tensor y(DType::Int64, {200});
    for (size_t i = 0; i < 200; ++i) y.mutable_values<int64_t>()[i] = b.values<float>()[i] > 0;
    const std::vector<NamedTensor> arrays{{"b", b}, {"a", a}, {"y", y}};
    if (!write_arrays(folder_ / "set.npz", arrays)) throw std::runtime_error("set.npz");
    auto opened = DataSet::open(folder_ / "set.npz");
    if (!opened) throw std::runtime_error(opened.error().to_string());
    return std::move(*opened);
  }

  static double accuracy(const FitResult& fit) { return *fit.epochs.back().progress.accuracy; }
};

TEST_F(TwoInputs, AreTrainedByTheirNames) {
  const auto result = train(network(), set(), {.epochs = 30, .schedule = {.rate = 0.05}});
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_GT(accuracy(result->fit), 0.95);
  EXPECT_THAT(train(network("c"), set(), {}).error().message, HasSubstr("the data set has no array 'c'"));
}

TEST_F(TwoInputs, AreDistilledAndQuantised) {
  const auto teacher = train(network(), set(), {.epochs = 30, .schedule = {.rate = 0.05}});
  ASSERT_TRUE(teacher);
  TrainOptions options{.epochs = 30, .schedule = {.rate = 0.05}, .teacher = &teacher->model};
  options.distillation.use_targets = false;
  const auto student = train(network(), set(), options);
  ASSERT_TRUE(student) << student.error().to_string();
  EXPECT_GT(student->fit.epochs.back().score, 0.9);
  const auto quantized = qat(teacher->model, set(), {.train = {.epochs = 1, .schedule = {.rate = 1e-4}}});
  ASSERT_TRUE(quantized) << quantized.error().to_string();
  EXPECT_GT(accuracy(quantized->training.fit), 0.9);
  const Model other = network("c");
  options.teacher = &other;
  EXPECT_THAT(train(network(), set(), options).error().message,
              HasSubstr("input 2 is 'c' of the teacher, 'b' of the student"));
}

}  // namespace
}  // namespace pare
