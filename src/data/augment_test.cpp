#include "data/augment.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace pare {
namespace {

using ::testing::HasSubstr;

// 0, 1, 2... changed with the stream of a seed.
std::vector<float> changed(const Augmentation& steps, const Shape& shape, uint64_t seed = 1) {
  std::vector<float> sample(static_cast<size_t>(shape.elements()));
  std::iota(sample.begin(), sample.end(), 0.0f);
  augment(steps, shape, sample, Random(seed));
  return sample;
}
std::vector<float> unchanged(const Shape& shape) { return changed({}, shape); }

// The seeds below 200 whose result is `wanted`.
int times(const Augmentation& steps, const Shape& shape, const std::vector<float>& wanted) {
  int count = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) count += changed(steps, shape, seed) == wanted ? 1 : 0;
  return count;
}

TEST(Augment, FlipExchangesLeftAndRightAsOftenAsAsked) {
  const std::vector<float> flipped{4, 5, 2, 3, 0, 1, 10, 11, 8, 9, 6, 7};
  EXPECT_EQ(changed({.flip = 1}, {2, 3, 2}), flipped);
  const int often = times({.flip = 0.25f}, {2, 3, 2}, flipped);
  EXPECT_GT(often, 30);
  EXPECT_LT(often, 70);
  EXPECT_EQ(times({.flip = 0.25f}, {2, 3, 2}, unchanged({2, 3, 2})), 200 - often);
}

TEST(Augment, PadAndCropMovesByWholePixels) {
  const Augmentation steps{.pad_crop = 1, .fill = -1};
  const std::vector<std::vector<float>> wanted{{0, 1, 2, 3},    {-1, 0, -1, 2},  {1, -1, 3, -1},
                                               {-1, -1, 0, 1},  {2, 3, -1, -1},  {-1, -1, -1, 0},
                                               {3, -1, -1, -1}, {-1, -1, 1, -1}, {-1, 2, -1, -1}};
  int all = 0;
  for (const std::vector<float>& each : wanted) {
    const int often = times(steps, {2, 2, 1}, each);
    EXPECT_GT(often, 5);
    all += often;
  }
  EXPECT_EQ(all, 200);
  EXPECT_GT(times({.pad_crop = 1}, {2, 2, 1}, {0, 0, 2, 2}), 5) << "without a fill the nearest edge";
}

TEST(Augment, ShiftIsBilinear) {
  bool moved_between = false;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    // On a ramp along the columns bilinear values are exact inside, and clamped outside.
    const std::vector<float> row = changed({.shift = 0.4f}, {1, 9, 1}, seed);
    const float by = row[4] - 4;
    EXPECT_LE(std::abs(by), 3.6f);
    moved_between = moved_between || by != std::round(by);
    for (size_t x = 0; x < 9; ++x) EXPECT_NEAR(row[x], std::clamp(static_cast<float>(x) + by, 0.0f, 8.0f), 1e-5f);
  }
  EXPECT_TRUE(moved_between);
}

TEST(Augment, RotationAndZoomKeepTheMiddle) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const std::vector<float> image = changed({.rotation = 30, .zoom = 0.2f}, {5, 5, 1}, seed);
    EXPECT_NEAR(image[12], 12, 1e-5f);
    // On the plane 5 y + x: one step right in the result is the vector (xx, yx) in the original, one step down (-yx, xx).
    const float right = image[13] - 12, down = image[17] - 12;
    const float xx = (right + 5 * down) / 26, yx = (5 * right - down) / 26;
    const float length = std::hypot(xx, yx), degrees = std::atan2(std::abs(yx), xx) * 57.29578f;
    EXPECT_LE(degrees, 30.01f);
    EXPECT_GE(length, 1 / 1.2001f);
    EXPECT_LE(length, 1 / 0.7999f);
  }
}

TEST(Augment, GeometricStepsAreOneResampling) {
  // Each alone and both at once: seeds where pad_crop does not move show what the flip alone does.
  EXPECT_GT(times({.flip = 1, .pad_crop = 1}, {1, 3, 1}, {2, 1, 0}), 5);
  EXPECT_GT(times({.flip = 1, .pad_crop = 1}, {1, 3, 1}, {1, 0, 0}), 5);
}

TEST(Augment, Colors) {
  const Shape shape{1, 2, 3};
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const std::vector<float> bright = changed({.brightness = 0.5f}, shape, seed);
    EXPECT_LE(std::abs(bright[0]), 0.5f);
    for (size_t i = 0; i < 6; ++i) EXPECT_FLOAT_EQ(bright[i], static_cast<float>(i) + bright[0]);
    const std::vector<float> contrast = changed({.contrast = 0.5f}, shape, seed);
    const float factor = (contrast[5] - contrast[0]) / 5;
    EXPECT_GE(factor, 0.5f);
    EXPECT_LE(factor, 1.5f);
    EXPECT_FLOAT_EQ(std::accumulate(contrast.begin(), contrast.end(), 0.0f), 15) << "the mean stays";
    const std::vector<float> saturation = changed({.saturation = 0.5f}, shape, seed);
    const float grey = 0.587f + 2 * 0.114f, kept = (saturation[2] - saturation[0]) / 2;
    EXPECT_NEAR(saturation[0], grey - grey * kept, 1e-5f);
    EXPECT_NEAR(0.299f * saturation[0] + 0.587f * saturation[1] + 0.114f * saturation[2], grey, 1e-5f);
  }
}

TEST(Augment, CutOutBlanksASquareThatMayHangOverTheEdge) {
  int whole = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    std::vector<float> image(36, 1);
    augment({.cutout = 3, .fill = 7}, {6, 6, 1}, image, Random(seed));
    const auto blank = std::count(image.begin(), image.end(), 7);
    EXPECT_GE(blank, 4) << "a corner";
    EXPECT_LE(blank, 9);
    EXPECT_EQ(blank + std::count(image.begin(), image.end(), 1), 36);
    whole += blank == 9 ? 1 : 0;
  }
  EXPECT_GT(whole, 20);
  EXPECT_LT(whole, 80);
}

TEST(Augment, SignalsInTime) {
  const Augmentation third{.time_shift = 0.34f};  // one step of three
  EXPECT_GT(times(third, {3}, {0, 0, 1}), 30) << "waveforms are filled with silence";
  EXPECT_GT(times(third, {3}, {1, 2, 0}), 30);
  EXPECT_GT(times(third, {3}, {0, 1, 2}), 30);
  EXPECT_GT(times(third, {3, 2}, {0, 1, 0, 1, 2, 3}), 30) << "features repeat their first or last";
  EXPECT_GT(times(third, {3, 2}, {2, 3, 4, 5, 4, 5}), 30);
  EXPECT_GT(times({.time_shift = 0.34f, .fill = 9}, {3, 2}, {2, 3, 4, 5, 9, 9}), 30);
}

TEST(Augment, GainAndNoise) {
  const std::vector<float> louder = changed({.gain = 0.3f}, {4});
  EXPECT_GE(louder[1], 0.7f);
  EXPECT_LE(louder[1], 1.3f);
  EXPECT_FLOAT_EQ(louder[3], 3 * louder[1]);
  std::vector<float> noise(10'000);
  augment({.noise = 0.1f}, {10'000}, noise, Random(1));
  double squares = 0;
  for (const float value : noise) squares += double{value} * value;
  EXPECT_NEAR(std::sqrt(squares / 10'000), 0.1, 0.003);
}

TEST(Augment, EqualStreamsGiveEqualChanges) {
  const Augmentation steps{.flip = 0.5f, .shift = 0.2f, .rotation = 20, .contrast = 0.3f, .cutout = 2, .noise = 0.1f};
  EXPECT_EQ(changed(steps, {6, 6, 3}, 5), changed(steps, {6, 6, 3}, 5));
  EXPECT_NE(changed(steps, {6, 6, 3}, 5), changed(steps, {6, 6, 3}, 6));
  EXPECT_EQ(changed({.mixup = 0.2f}, {6, 6, 3}), unchanged({6, 6, 3})) << "a matter of whole batches";
}

TEST(Augment, MixupSharesAreOfTheBetaDistribution) {
  for (const double alpha : {0.01, 0.2, 1.0, 4.0}) {
    Random random(3);
    double mean = 0, squares = 0;
    constexpr int kDraws = 20'000;
    for (int i = 0; i < kDraws; ++i) {
      const double share = draw_mixup_share(static_cast<float>(alpha), random);
      ASSERT_TRUE(share >= 0 && share <= 1) << share;
      mean += share / kDraws;
      squares += share * share / kDraws;
    }
    EXPECT_NEAR(mean, 0.5, 0.012);
    EXPECT_NEAR(squares - mean * mean, 1 / (4 * (2 * alpha + 1)), 0.003) << alpha;
  }
}

TEST(CheckAugmentation, EveryStepNeedsAnInputThatItChanges) {
  const auto message = [](const Augmentation& steps, DType dtype, const Shape& shape) {
    const auto checked = check_augmentation(steps, {&dtype, 1}, {&shape, 1});
    return checked ? "fits" : checked.error().message;
  };
  EXPECT_EQ(message({.flip = 1, .saturation = 1, .noise = 1, .mixup = 1}, DType::Float32, {8, 8, 3}), "fits");
  EXPECT_EQ(message({.noise = 1}, DType::Float32, {8}), "fits");
  EXPECT_EQ(message({.fill = 1}, DType::Int32, {8}), "fits") << "no step";
  EXPECT_THAT(message({.noise = 1}, DType::Int32, {8}), HasSubstr("changes samples of f32, the inputs are i32[8]"));
  EXPECT_THAT(message({.flip = 1}, DType::Float32, {8, 8}), HasSubstr("steps for images [height, width, channels]"));
  EXPECT_THAT(message({.saturation = 1}, DType::Float32, {8, 8, 1}),
              HasSubstr("'saturation' in [augment] needs images of three"));
  const std::vector<DType> dtypes{DType::Float32, DType::Int32};
  const std::vector<Shape> shapes{{8, 8, 3}, {4}};
  EXPECT_TRUE(check_augmentation({.flip = 1}, dtypes, shapes)) << "the integers are left alone";
  EXPECT_THAT(check_augmentation({.mixup = 1}, dtypes, shapes).error().message, HasSubstr("an input holds integers"));
}

}  // namespace
}  // namespace pare
