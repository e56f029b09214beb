#include "report/picture.h"

#include <gmock/gmock.h>

#include "report/measurements.h"

namespace pare {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ModelEvaluation evaluation(std::string model, int64_t hits, int64_t bytes) {
  ModelEvaluation one;
  one.model = std::move(model);
  one.evaluation.samples = 1000;
  one.evaluation.classification.emplace();
  one.evaluation.classification->accuracy = static_cast<double>(hits) / 1000;
  one.evaluation.classification->interval = wilson_interval(hits, 1000);
  one.size = {bytes, bytes / 2};
  return one;
}

TEST(Picture, HasARowForEachModel) {
  const std::string svg = picture_of({evaluation("folder/a<b>.tflite", 900, 1000), evaluation("c.tflite", 905, 500)});
  EXPECT_THAT(svg, HasSubstr("a&lt;b&gt;.tflite"));
  EXPECT_THAT(svg, HasSubstr("90.50 %"));
  EXPECT_THAT(svg, HasSubstr("500 B"));
  EXPECT_THAT(svg, Not(HasSubstr("latency")));
}

TEST(Picture, ShowsLatencyWhereAllHaveIt) {
  ModelEvaluation one = evaluation("a.tflite", 900, 1000);
  one.latency.emplace();
  one.latency->latency.median = 1.25;
  EXPECT_THAT(picture_of({one}), HasSubstr("1.250 ms"));
}

TEST(Measurements, TablesShowIntervalsAndDifferences) {
  std::vector<ModelEvaluation> models{evaluation("a.tflite", 900, 1000), evaluation("b.tflite", 890, 500)};
  models[1].against_first.emplace();
  models[1].against_first->difference = -0.01;
  models[1].against_first->p_value = 0.5;
  const std::string text = describe(models, false, {});
  EXPECT_THAT(text, HasSubstr("90.00 % (87.98 to 91.71)"));
  EXPECT_THAT(text, HasSubstr("  -1.00 ("));
  EXPECT_THAT(text, HasSubstr("not significant"));
  // Names that two folders share stay whole.
  models[1].model = "other/a.tflite";
  EXPECT_THAT(describe(models, false, {}), HasSubstr("other/a.tflite"));
}

}  // namespace
}  // namespace pare
