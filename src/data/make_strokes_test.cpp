#include "data/make_strokes.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>

namespace pare {
namespace {

TEST(Strokes, AreTheSameForAnyThreadCountAndOtherForAnotherSeed) {
  const LabelledImages one = draw_strokes(40, 7, 1), two = draw_strokes(40, 7, 2), other = draw_strokes(40, 8, 1);
  EXPECT_EQ(one.images, two.images);
  EXPECT_EQ(one.labels, two.labels);
  EXPECT_FALSE(one.images == other.images);
}

TEST(Strokes, AreBalancedAndInked) {
  const LabelledImages set = draw_strokes(200, 1, 1);
  std::array<int, 10> counts{};
  for (const int64_t label : set.labels.values<int64_t>()) ++counts.at(static_cast<size_t>(label));
  EXPECT_THAT(counts, ::testing::Each(20));
  const auto pixels = set.images.values<uint8_t>();
  for (size_t i = 0; i < 200; ++i) {
    const auto image = pixels.subspan(i * 784, 784);
    EXPECT_GT(std::count_if(image.begin(), image.end(), [](uint8_t p) { return p > 100; }), 15)
        << "image " << i << " shows nothing";
  }
}

TEST(Strokes, RejectsCountsThatMakeNoDataSet) {
  const auto made = make_strokes("nowhere", {.train = 5});
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, ::testing::HasSubstr("5 samples were asked for"));
}

}  // namespace
}  // namespace pare
