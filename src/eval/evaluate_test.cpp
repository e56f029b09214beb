#include "eval/evaluate.h"

#include <gmock/gmock.h>

#include "eval/tensor_errors.h"
#include "ir/builder.h"
#include "testing/data_folder.h"

namespace pare {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A network that gives its input back where that is not negative.
Graph identity(int64_t width) {
  GraphBuilder build;
  return build.finish({build.op("relu", {build.input("input", {kDynamic, width})}, {}, "output")});
}

class Evaluate : public testing::DataFolder {
 protected:
  static Expected<Evaluation> run(const Graph& graph, const DataView& view, EvaluateOptions options = {}) {
    return evaluate(graph, view.source(), view, options);
  }
};

TEST_F(Evaluate, ClassesByHand) {
  const Tensor x = Tensor::of<float>({4, 3}, {5, 1, 0, 0, 2, 1, 3, 1, 2, 0, 0, 7});
  const DataView view = samples(x, Tensor::vector<int64_t>({0, 1, 2, 2}));
  for (const int threads : {1, 3}) {
    const auto result = run(identity(3), view, {.threads = threads});
    ASSERT_TRUE(result) << result.error().to_string();
    ASSERT_TRUE(result->classification);
    const Classification& classes = *result->classification;
    EXPECT_EQ(result->samples, 4);
    EXPECT_DOUBLE_EQ(classes.accuracy, 0.75);
    EXPECT_THAT(classes.predicted, ElementsAre(0, 1, 0, 2));
    EXPECT_THAT(classes.right, ElementsAre(1, 1, 0, 1));
    EXPECT_EQ(classes.confusion.at(2, 0), 1);
    EXPECT_EQ(classes.top5, std::nullopt) << "with 3 classes everything is in the top 5";
    EXPECT_DOUBLE_EQ(*classes.roc_auc, 1.0);
  }
}

TEST_F(Evaluate, OneOutputForTwoClasses) {
  const DataView view = samples(Tensor::of<float>({3, 1}, {0.9f, 0.2f, 0.6f}), Tensor::vector<int64_t>({1, 0, 0}));
  const auto result = run(identity(1), view);
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_THAT(result->classification->predicted, ElementsAre(1, 0, 1));
  EXPECT_DOUBLE_EQ(*result->classification->roc_auc, 1.0);
}

TEST_F(Evaluate, ReconstructionGivesAScoreForEachSample) {
  const DataView view = samples(Tensor::of<float>({2, 2}, {1, 2, -2, 4}), {}, "kind = 'input'");
  const auto result = run(identity(2), view);
  ASSERT_TRUE(result) << result.error().to_string();
  ASSERT_TRUE(result->regression);
  EXPECT_DOUBLE_EQ(result->regression->mse, 1.0);
  EXPECT_DOUBLE_EQ(result->regression->mae, 0.5);
  EXPECT_THAT(result->regression->sample_mse, ElementsAre(0, 2));
}

TEST_F(Evaluate, ValuesAgainstTargets) {
  const DataView view = samples(Tensor::of<float>({2, 2}, {1, 2, 3, 4}), Tensor::of<float>({2, 2}, {1, 2, 3, 6.5f}));
  const auto result = run(identity(2), view);
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_DOUBLE_EQ(result->regression->mse, 2.5 * 2.5 / 4);
}

TEST_F(Evaluate, RejectsWhatDoesNotFit) {
  const Tensor x = Tensor::of<float>({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_THAT(run(identity(3), samples(x)).error().message, HasSubstr("no targets to judge against"));
  EXPECT_THAT(run(identity(3), samples(x, Tensor::vector<int64_t>({0, 4}))).error().message,
              HasSubstr("gives 3 scores a sample, the data set has 5 classes"));
  EXPECT_THAT(run(identity(3), samples(x, Tensor::vector<int64_t>({0, 1}), "classes = 2")).error().message,
              HasSubstr("the data set has 2 classes; 'classes', or 'offset'"));
  EXPECT_TRUE(run(identity(3), samples(x, Tensor::vector<int64_t>({0, 1}), "classes = 2\noffset = 1")));
  EXPECT_THAT(run(identity(3), samples(x, Tensor::of<float>({2, 1}, {0.5f, 1}))).error().message,
              HasSubstr("gives 3 numbers a sample, 1 were expected"));
  EXPECT_THAT(run(identity(3), samples(x, Tensor::vector<int64_t>({0, 1})), {.output = 1}).error().message,
              HasSubstr("output 1 was asked for, the model has 1"));
}

TEST_F(Evaluate, AgreementIsTheShareOfEqualClasses) {
  EXPECT_DOUBLE_EQ(agreement(std::vector<int64_t>{1, 2, 3, 4}, std::vector<int64_t>{1, 2, 0, 4}), 0.75);
}

TEST_F(Evaluate, TensorErrorsByName) {
  const auto network = [](float factor, std::string last) {
    GraphBuilder build;
    Value* input = build.input("input", {kDynamic, 2});
    Value* middle = build.op("relu", {input}, {}, "middle");
    return build.finish({build.op("fully_connected",
                                  {middle, build.constant("factor", Tensor::of<float>({2, 2}, {factor, 0, 0, factor}))},
                                  {}, std::move(last))});
  };
  const DataView view = samples(Tensor::of<float>({3, 2}, {1, 2, 3, 4, 5, 6}), {}, "kind = 'none'");
  const Graph one = network(1, "first_output"), two = network(1.5f, "second_output");
  const auto errors = compare_tensors({one, view.source()}, {two, view.source()}, 2);
  ASSERT_TRUE(errors) << errors.error().to_string();
  ASSERT_EQ(errors->size(), 3u);
  EXPECT_EQ((*errors)[1].name, "middle");
  EXPECT_EQ((*errors)[1].error.mse(), 0);
  EXPECT_EQ((*errors)[2].name, "second_output") << "outputs are compared by position";
  EXPECT_EQ((*errors)[2].op, "fully_connected");
  EXPECT_DOUBLE_EQ((*errors)[2].error.mse(), 0.25 * 91 / 6);
  EXPECT_NEAR((*errors)[2].error.cosine(), 1, 1e-12);
}

TEST_F(Evaluate, TensorErrorsRejectNetworksThatCannotBeCompared) {
  const DataView view = samples(Tensor::of<float>({3, 2}, {1, 2, 3, 4, 5, 6}), {}, "kind = 'none'");
  const Graph graph = identity(2);
  const auto errors = compare_tensors({graph, view.source()}, {graph, view.first(2).source()}, 1);
  ASSERT_FALSE(errors);
  EXPECT_THAT(errors.error().message, HasSubstr("3 samples for the first network, 2 for the second"));
}

}  // namespace
}  // namespace pare
