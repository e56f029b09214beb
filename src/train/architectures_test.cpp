#include "train/architectures.h"

#include <gmock/gmock.h>

#include "train/training_graph.h"

namespace pare {
namespace {

using ::testing::HasSubstr;

int64_t parameters(const ArchitectureOptions& options) {
  const auto graph = build_network(options);
  if (!graph) throw std::runtime_error(graph.error().to_string());
  int64_t count = 0;
  for (const std::string& name : trainable_constants(*graph)) count += graph->find_value(name)->data->elements();
  return count;
}

// Weights, biases, and scales and shifts of batch normalisations; without moving statistics.
TEST(Architectures, HaveTheParametersOfTheirPapers) {
  EXPECT_EQ(parameters({.architecture = Architecture::MobilenetV1, .input = {224, 224, 3}, .classes = 1000}),
            4'231'976);
  EXPECT_EQ(
      parameters({.architecture = Architecture::MobilenetV1, .input = {224, 224, 3}, .classes = 1000, .width = 0.25}),
      470'072);
  EXPECT_EQ(parameters({.architecture = Architecture::MobilenetV2, .input = {224, 224, 3}, .classes = 1000}),
            3'504'872);
  EXPECT_EQ(parameters({.architecture = Architecture::MobilenetV3Small, .input = {224, 224, 3}, .classes = 1000}),
            2'542'856);
  EXPECT_EQ(parameters({.architecture = Architecture::MobilenetV3Large, .input = {224, 224, 3}, .classes = 1000}),
            5'483'032);
  EXPECT_EQ(parameters({.architecture = Architecture::EfficientnetLite, .input = {224, 224, 3}, .classes = 1000}),
            4'652'008);
  EXPECT_EQ(parameters({.architecture = Architecture::Mlp, .input = {28, 28, 1}, .classes = 10}),
            784 * 128 + 128 + 128 * 128 + 128 + 1290);
}

TEST(Architectures, AreTrainable) {
  for (size_t i = 0; i < EnumNames<Architecture>::names.size(); ++i) {
    const auto graph =
        build_network({.architecture = static_cast<Architecture>(i), .input = {32, 32, 3}, .width = 0.5});
    ASSERT_TRUE(graph) << graph.error().to_string();
    const auto step =
        make_training_graph(*graph, {.batch = 2, .loss = {.loss = default_loss(*graph->outputs[0], i != 3)}});
    EXPECT_TRUE(step) << EnumNames<Architecture>::names[i] << ": " << step.error().to_string();
    EXPECT_FALSE(summary_of(static_cast<Architecture>(i)).empty());
  }
}

TEST(Architectures, TheSeedGivesTheWeights) {
  const auto first = build_network({.seed = 3}), same = build_network({.seed = 3}), other = build_network({.seed = 4});
  const auto weights = [](const Expected<Graph>& graph) { return *graph->find_value("conv_1/weights")->data; };
  EXPECT_TRUE(weights(first) == weights(same));
  EXPECT_FALSE(weights(first) == weights(other));
}

TEST(Architectures, RefuseInputsThatDoNotFit) {
  EXPECT_THAT(build_network({.input = {96, 96}}).error().message,
              HasSubstr("mobilenet_v1 takes height, width and channels"));
  EXPECT_THAT(build_network({.input = {4, 96, 3}}).error().message, HasSubstr("smaller than 8 x 8"));
  EXPECT_THAT(build_network({.input = {-1, 96, 3}}).error().message, HasSubstr("is not the shape of a sample"));
}

}  // namespace
}  // namespace pare
