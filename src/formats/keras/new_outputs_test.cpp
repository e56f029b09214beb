#include "formats/keras/new_outputs.h"

#include <gtest/gtest.h>

#include "formats/keras/settings.h"
#include "formats/keras/weight_layout.h"

namespace pare {
namespace {

KerasOrigin origin_of(std::string config, KerasWeight weight) {
  KerasOrigin origin{.config = std::move(config), .version = "3.1.0"};
  origin.weights = {std::move(weight)};
  return origin;
}

TEST(WithNewOutputs, ChangesTheClassifierAndWhatIsBehindIt) {
  const KerasOrigin origin = with_new_outputs(
      origin_of(R"({"config": {"layers": [
        {"config": {"name": "conv", "filters": 10}},
        {"config": {"name": "net", "layers": [{"config": {"name": "conv", "filters": 10, "activation": "linear"}}]}},
        {"config": {"name": "flat", "target_shape": [10]}, "build_config": {"input_shape": [null, 1, 1, 10]}},
        {"config": {"name": "other", "target_shape": [10]}}]}})",
                {"net/conv", "kernel", keras::layout_of({1, 1, 4, 10}, {3, 0, 1, 2}), "net/conv/kernel", {}}),
      {.weights = {"net/conv/kernel"}, .layers = {"net/conv", "flat", "y"}, .before = 10, .after = 3});
  EXPECT_EQ(keras::Json::parse(origin.config), keras::Json::parse(R"({"config": {"layers": [
        {"config": {"name": "conv", "filters": 10}},
        {"config": {"name": "net", "layers": [{"config": {"name": "conv", "filters": 3, "activation": "linear"}}]}},
        {"config": {"name": "flat", "target_shape": [3]}, "build_config": {"input_shape": [null, 1, 1, 3]}},
        {"config": {"name": "other", "target_shape": [10]}}]}})"));
  EXPECT_EQ(origin.weights[0].layout.file, (Shape{1, 1, 4, 3}));
  EXPECT_EQ(origin.weights[0].layout.graph, (Shape{3, 1, 1, 4}));
}

TEST(WithNewOutputs, ASigmoidBecomesASoftmax) {
  const KerasOrigin origin =
      with_new_outputs(origin_of(R"({"config": [{"config": {"name": "y", "units": 1, "activation": "sigmoid"}}]})",
                                 {"y", "bias", keras::layout_of({1}), "y/bias", {}}),
                       {.weights = {"y/bias"}, .layers = {"y"}, .before = 1, .after = 2, .softmax = true});
  EXPECT_EQ(keras::Json::parse(origin.config),
            keras::Json::parse(R"({"config": [{"config": {"name": "y", "units": 2, "activation": "softmax"}}]})"));
  EXPECT_EQ(origin.weights[0].layout.graph, (Shape{2}));
}

TEST(WithNewOutputs, LeavesWhatItDoesNotKnow) {
  const KerasOrigin origin =
      with_new_outputs(origin_of("[]", {"y", "bias", keras::layout_of({1}), "b", {}}), {.before = 1, .after = 2});
  EXPECT_EQ(origin.config, "[]");
}

}  // namespace
}  // namespace pare
