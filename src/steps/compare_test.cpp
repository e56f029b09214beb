#include "steps/compare.h"

#include <gmock/gmock.h>

#include "testing/data_folder.h"
#include "testing/graphs.h"

namespace pare {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kFile = "only its size is measured";

// Twelve samples, all positive. The first network takes the larger number's place as the class, the second sees the first number
// half as large again. Between 1 and 1.2 they disagree: five times the first is right, once the second.
class Compare : public testing::DataFolder {
 protected:
  NamedModel network(const std::string& name, float factor) const {
    const auto text = fmt::format(R"(graph (%x: f32[?, 2]) {{
      %w = constant f32[2, 2] ({}, 0, 0, 1)
      %hidden = relu(%x)
      %y = fully_connected(%hidden, %w, none)
      return %y
    }})",
                                  factor);
    return {put(name, kFile).string(), testing::model_of(text)};
  }
  static Expected<CompareResult> compare(const NamedModel& first, const NamedModel& second, const DataView& view,
                                         CompareOptions options = {}) {
    return compare_models(first, second, view, options);
  }

  const NamedModel first_ = network("first.tflite", 1), second_ = network("second.tflite", 1.5f);
  const Tensor x_ = Tensor::of<float>(
      {12, 2}, {1, 0, 1, 0, 1, 0, 1, 0, 1, 1.2f, 1, 1.2f, 1, 1.2f, 1, 1.2f, 1, 1.2f, 1, 1.2f, 1, 0, 1, 0});
  const Tensor classes_ = Tensor::vector<int64_t>({0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 1, 1});
};

TEST_F(Compare, AccuraciesArePaired) {
  for (const int threads : {1, 3}) {
    const auto result = compare(first_, second_, samples(x_, classes_), {.threads = threads});
    ASSERT_TRUE(result) << result.error().to_string();
    ASSERT_EQ(result->evaluations.size(), 2u);
    const ModelEvaluation &first = result->evaluations[0], &second = result->evaluations[1];
    EXPECT_EQ(first.model, first_.path);
    EXPECT_EQ(first.size.bytes, kFile.size());
    EXPECT_DOUBLE_EQ(first.evaluation.classification->accuracy, 9 / 12.);
    EXPECT_DOUBLE_EQ(second.evaluation.classification->accuracy, 5 / 12.);
    EXPECT_EQ(first.against_first, std::nullopt);
    ASSERT_TRUE(second.against_first);
    EXPECT_EQ(second.against_first->both_right, 4);
    EXPECT_EQ(second.against_first->only_first, 5);
    EXPECT_EQ(second.against_first->only_second, 1);
    EXPECT_EQ(second.against_first->both_wrong, 2);
    EXPECT_DOUBLE_EQ(second.against_first->difference, -4 / 12.);
    EXPECT_NEAR(second.against_first->p_value, 2 * (1 + 6) / 64., 1e-12) << "five of six tosses or more, either way";
    EXPECT_DOUBLE_EQ(*second.agreement_with_first, 6 / 12.);
  }
}

TEST_F(Compare, ErrorsOfTensorsAreOfTheFirstSamples) {
  for (const int64_t count : {3, 12, 100}) {
    const auto result = compare(first_, second_, samples(x_, classes_), {.tensor_samples = count});
    ASSERT_TRUE(result) << result.error().to_string();
    ASSERT_EQ(result->tensors.size(), 3u);
    EXPECT_EQ(result->tensors[0].name, "x");
    EXPECT_EQ(result->tensors[0].op, "");
    EXPECT_EQ(result->tensors[1].name, "hidden");
    EXPECT_EQ(result->tensors[1].error.max_abs(), 0);
    EXPECT_EQ(result->tensors[2].op, "fully_connected");
    EXPECT_EQ(result->tensors[2].error.count(), 2 * std::min<int64_t>(count, 12));
    EXPECT_EQ(result->tensors[2].error.mse(), 0.125) << "half of 1 in one of two numbers";
    EXPECT_EQ(result->evaluations[0].evaluation.samples, 12) << "accuracies take all samples";
  }
}

TEST_F(Compare, GraphsDifferAsText) {
  const DataView view = samples(x_, classes_);
  EXPECT_THAT(compare(first_, second_, view)->graph_difference,
              AllOf(HasSubstr("-   %w = constant f32[2, 2] (1, 0, 0, 1)"),
                    HasSubstr("+   %w = constant f32[2, 2] (1.5, 0, 0, 1)")));
  EXPECT_EQ(compare(first_, first_, view)->graph_difference, "");
}

TEST_F(Compare, TensorsNeedNoTarget) {
  const auto result = compare(first_, second_, samples(x_, {}, "kind = 'none'"));
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_THAT(result->evaluations, IsEmpty());
  EXPECT_EQ(result->tensors.size(), 3u);
}

TEST_F(Compare, AModelThatTheSamplesDoNotFitIsNamed) {
  const NamedModel wide{"wide.tflite", testing::model_of("graph (%x: f32[?, 3]) { %y = relu(%x) return %y }")};
  const auto result = compare(first_, wide, samples(x_, classes_));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::BadInput);
  EXPECT_THAT(result.error().to_string(),
              ::testing::StartsWith("wide.tflite: a sample is f32[1, 2], the model takes f32[?, 3] for 'x'"));
}

}  // namespace
}  // namespace pare
