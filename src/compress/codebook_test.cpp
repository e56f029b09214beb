#include "compress/codebook.h"

#include <gmock/gmock.h>

#include <cmath>
#include <map>

#include "base/random.h"

namespace pare {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;

std::vector<float> normals(size_t count, uint64_t seed) {
  Random random(seed);
  std::vector<float> values(count);
  for (float& value : values) value = random.normal();
  return values;
}

std::vector<float> values_of(const Codebook& codebook, const CodebookLayout& layout) {
  std::vector<float> values;
  const int64_t inner = layout.shape.elements(layout.axis + 1, layout.shape.rank());
  for (size_t i = 0; i < codebook.codes.size(); ++i) {
    const auto channel = static_cast<size_t>(static_cast<int64_t>(i) / inner % layout.channels());
    const float scale = layout.scales.empty() ? 1.f : layout.scales[channel];
    values.push_back(codebook.codes[i] < 0 ? 0.f : scale * codebook.centroids[static_cast<size_t>(codebook.codes[i])]);
  }
  return values;
}

double error(const std::vector<float>& weights, const Codebook& codebook, const CodebookLayout& layout) {
  const std::vector<float> values = values_of(codebook, layout);
  double sum = 0;
  for (size_t i = 0; i < values.size(); ++i) sum += (values[i] - weights[i]) * (values[i] - weights[i]);
  return sum;
}

double entropy(const Codebook& codebook) {
  std::map<int32_t, double> count;
  for (const int32_t code : codebook.codes) count[code] += 1;
  double bits = 0;
  const auto n = static_cast<double>(codebook.codes.size());
  for (const auto& [code, times] : count) bits += times / n * std::log2(n / times);
  return bits;
}

TEST(Codebook, NoStartIsBetterThanKMeans) {
  const std::vector<float> weights = normals(2000, 1);
  const CodebookLayout layout{.shape = {20, 100}};
  const double best = error(weights, make_codebook(weights, {}, layout, false, {}, 1), layout);
  for (const CentroidStart start :
       {CentroidStart::Linear, CentroidStart::Random, CentroidStart::Density, CentroidStart::Seeding}) {
    const Codebook made = make_codebook(weights, {}, layout, false, {.start = start}, 1);
    EXPECT_EQ(made.centroids.size(), 16u) << to_string(start);
    EXPECT_GT(error(weights, made, layout), best) << to_string(start);
    EXPECT_LT(error(weights, made, layout), 0.3 * 2000) << to_string(start) << ": of a variance of 1";
  }
}

TEST(Codebook, ZerosStayAndTakeOneOfTheValues) {
  std::vector<float> weights = normals(100, 2);
  for (size_t i = 0; i < 100; i += 2) weights[i] = 0;
  const CodebookLayout layout{.shape = {10, 10}};
  const Codebook made = make_codebook(weights, {}, layout, true, {.clusters = 4}, 1);
  EXPECT_EQ(made.centroids.size(), 3u);
  for (size_t i = 0; i < 100; ++i) EXPECT_EQ(made.codes[i] == kZeroCode, i % 2 == 0) << i;
}

TEST(Codebook, EachChannelHasItsTable) {
  const std::vector<float> weights{1, 2, 1, 30, 30, 30, -5, 7, 9};
  const CodebookLayout layout{.shape = {3, 3}, .by_channel = true};
  const Codebook made = make_codebook(weights, {}, layout, false, {.clusters = 2}, 1);
  EXPECT_THAT(made.centroids, ElementsAre(1, 2, 30, 30, -5, 8));
  EXPECT_THAT(made.codes, ElementsAre(0, 1, 0, 2, 2, 2, 4, 5, 5));
}

TEST(Codebook, ScalesMakeOneTableFitChannelsOfAllSizes) {
  const std::vector<float> weights{1, 2, 3, -10, -20, -30, 0.1f, 0.3f, 0.2f}, scales{1, -10, 0.1f};
  const CodebookLayout layout{.shape = {3, 3}, .scales = scales};
  const Codebook made = make_codebook(weights, {}, layout, false, {.clusters = 3}, 1);
  EXPECT_THAT(made.centroids, Pointwise(FloatNear(1e-6f), {1.f, 2.f, 3.f}));
  EXPECT_THAT(made.codes, ElementsAre(0, 1, 2, 0, 1, 2, 0, 2, 1));
}

TEST(Codebook, ErrorsCountAsLargeAsTheyAreInTheWeights) {
  // The channel of scale 100 decides where the only centroid lies.
  const std::vector<float> weights{1, 300}, scales{1, 100};
  const CodebookLayout layout{.shape = {2, 1}, .scales = scales};
  EXPECT_NEAR(make_codebook(weights, {}, layout, false, {.clusters = 1}, 1).centroids[0], 3, 1e-3);
}

TEST(Codebook, EntropyFallsForLittleError) {
  const std::vector<float> weights = normals(5000, 3);
  const CodebookLayout layout{.shape = {5000}};
  const Codebook plain = make_codebook(weights, {}, layout, false, {}, 1),
                 traded = make_codebook(weights, {}, layout, false, {.entropy = 4}, 1);
  EXPECT_LT(entropy(traded), entropy(plain) - 0.2);
  EXPECT_LT(error(weights, traded, layout), 2 * error(weights, plain, layout));
}

TEST(Codebook, AssignmentFollowsTheWeights) {
  const std::vector<float> centroids{2, -1, 5};  // training moves them past each other
  std::vector<int32_t> codes{0, 0, kZeroCode, 0};
  assign_codes(std::vector<float>{-3, 4, 4, 2.1f}, centroids, {.shape = {4}}, codes);
  EXPECT_THAT(codes, ElementsAre(1, 2, kZeroCode, 0));
  const std::vector<float> scales{-1, 2};
  std::vector<int32_t> scaled{0, 0, 0, 0};
  assign_codes(std::vector<float>{1, -2, 4, 10}, centroids, {.shape = {2, 2}, .scales = scales}, scaled);
  EXPECT_THAT(scaled, ElementsAre(1, 0, 0, 2));
  std::vector<int32_t> by_channel{0, 0, 2, 2};
  assign_codes(std::vector<float>{1, 9, 1, 9}, std::vector<float>{0, 10, 8, 2}, {.shape = {2, 2}, .by_channel = true},
               by_channel);
  EXPECT_THAT(by_channel, ElementsAre(0, 1, 3, 2));
}

TEST(Codebook, OddCasesAreDefined) {
  const CodebookLayout layout{.shape = {3}};
  EXPECT_THAT(make_codebook(std::vector<float>{1, 2, 2}, {}, layout, false, {.clusters = 100}, 1).centroids,
              ElementsAre(1, 2));
  EXPECT_THAT(make_codebook(std::vector<float>{1, 2, 6}, {}, layout, false, {.clusters = 1}, 1).centroids,
              ElementsAre(3));
  EXPECT_THAT(make_codebook(std::vector<float>{0, 0, 0}, {}, layout, true, {.clusters = 2}, 1).codes, Each(kZeroCode));
  EXPECT_THAT(check_codebook({.clusters = 0}, false).error().message, HasSubstr("at least 1 was expected"));
  EXPECT_THAT(check_codebook({.clusters = 1}, true).error().message, HasSubstr("ask for at least 2"));
  EXPECT_TRUE(check_codebook({.clusters = 1}, false));
}

}  // namespace
}  // namespace pare
