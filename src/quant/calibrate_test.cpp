#include "quant/calibrate.h"

#include <gmock/gmock.h>

#include <limits>

#include "engine/runner.h"
#include "testing/graphs.h"

namespace pare {
namespace {

using ::testing::HasSubstr;
using testing::random_tensor;

Graph network() {
  return testing::parsed(R"(graph (%x: f32[?, 8, 8, 3]) {
    %w = constant f32[4, 3, 3, 3] (0.5)
    %conv = conv_2d(%x, %w)
    %relu = relu(%conv)
    return %relu
  })");
}

TEST(Calibrate, SeesEveryFloatValue) {
  const Graph graph = network();
  Random random(2);
  const auto statistics = calibrate(graph, source_of({random_tensor({37, 8, 8, 3}, random)}), {});
  ASSERT_TRUE(statistics) << statistics.error().to_string();
  ASSERT_EQ(statistics->size(), 3u);
  EXPECT_EQ(statistics->at("x").elements, 37 * 8 * 8 * 3);
  EXPECT_EQ(statistics->at("relu").range.lowest, 0);
  EXPECT_EQ(statistics->at("relu").range.highest, statistics->at("conv").range.highest);
}

TEST(Calibrate, ThreadsDoNotChangeTheResult) {
  const Graph graph = network();
  Random random(2);
  const SampleSource source = source_of({random_tensor({70, 8, 8, 3}, random)});
  const auto one = calibrate(graph, source, {.threads = 1}), two = calibrate(graph, source, {.threads = 2});
  ASSERT_TRUE(one && two);
  for (const auto& [name, statistics] : *one) {
    EXPECT_EQ(statistics.range, two->at(name).range);
    EXPECT_EQ(statistics.histogram.bins(), two->at(name).histogram.bins());
  }
}

TEST(Calibrate, ChannelMeansWhereAsked) {
  Tensor sample(DType::Float32, {1, 8, 8, 3});
  auto values = sample.mutable_values<float>();
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(1 + i % 3);
  const auto statistics = calibrate(network(), source_of({sample}), {.channel_sums = {"x"}});
  ASSERT_TRUE(statistics);
  EXPECT_THAT(statistics->at("x").channel_means(), ::testing::ElementsAre(1.f, 2.f, 3.f));
  EXPECT_TRUE(statistics->at("conv").channel_means().empty());
}

TEST(Calibrate, NamesTensorAndSampleOfANumberThatIsNotFinite) {
  Random random(2);
  Tensor samples = random_tensor({70, 8, 8, 3}, random);
  samples.mutable_values<float>()[53 * 192 + 7] = std::numeric_limits<float>::quiet_NaN();
  for (const int threads : {1, 2}) {
    const auto statistics = calibrate(network(), source_of({samples}), {.threads = threads});
    ASSERT_FALSE(statistics);
    EXPECT_EQ(statistics.error().code, ErrorCode::BadInput);
    EXPECT_THAT(statistics.error().message, HasSubstr("tensor 'x' is nan for sample 53"));
  }
}

TEST(Calibrate, RefusesAnEmptySource) {
  const auto statistics = calibrate(network(), SampleSource{}, {});
  ASSERT_FALSE(statistics);
  EXPECT_THAT(statistics.error().message, HasSubstr("there are no calibration samples"));
}

}  // namespace
}  // namespace pare
