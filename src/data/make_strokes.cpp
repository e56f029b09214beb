#include "data/make_strokes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "base/files.h"
#include "base/parallel.h"
#include "base/random.h"
#include "data/npy.h"

namespace pare {
namespace {

struct Point {
  float x, y;
};
using Stroke = std::vector<Point>;
using Drawing = std::vector<Stroke>;

constexpr float kDegree = std::numbers::pi_v<float> / 180;

// Points on an ellipse from one angle to another (degrees, clockwise from the right, y downwards).
Stroke arc(Point centre, float radius_x, float radius_y, float from, float to) {
  constexpr int kPieces = 14;
  Stroke stroke;
  for (int i = 0; i <= kPieces; ++i) {
    const float angle = (from + (to - from) * static_cast<float>(i) / kPieces) * kDegree;
    stroke.push_back({centre.x + radius_x * std::cos(angle), centre.y + radius_y * std::sin(angle)});
  }
  return stroke;
}

Stroke joined(Stroke first, const Stroke& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

// The digit in the unit square, y downwards; people write several of them in more than one way.
Drawing digit(int64_t label, Random& random) {
  const bool variant = random.uniform() < 0.4;
  switch (label) {
    case 0: return {arc({0.5f, 0.5f}, 0.3f, 0.45f, random.uniform(-110, -70), random.uniform(235, 275))};
    case 1:
      if (variant) return {{{0.5f, 0.05f}, {0.5f, 0.95f}}};
      return {{{0.3f, 0.25f}, {0.52f, 0.05f}, {0.52f, 0.95f}}};
    case 2: return {joined(arc({0.5f, 0.3f}, 0.28f, 0.25f, -170, 40), {{0.22f, 0.93f}, {0.8f, 0.93f}})};
    case 3:
      if (variant)
        return {joined({{0.22f, 0.06f}, {0.76f, 0.06f}, {0.46f, 0.42f}}, arc({0.46f, 0.68f}, 0.3f, 0.26f, -80, 150))};
      return {joined(arc({0.46f, 0.28f}, 0.27f, 0.23f, -150, 90), arc({0.46f, 0.72f}, 0.31f, 0.23f, -90, 150))};
    case 4:
      if (variant) return {{{0.25f, 0.08f}, {0.22f, 0.55f}, {0.8f, 0.55f}}, {{0.7f, 0.08f}, {0.68f, 0.95f}}};
      return {{{0.66f, 0.95f}, {0.66f, 0.05f}, {0.15f, 0.66f}, {0.88f, 0.66f}}};
    case 5:
      return {joined({{0.78f, 0.06f}, {0.3f, 0.06f}, {0.26f, 0.45f}}, arc({0.48f, 0.66f}, 0.29f, 0.27f, -125, 150))};
    case 6: return {joined({{0.68f, 0.04f}, {0.36f, 0.36f}}, arc({0.5f, 0.69f}, 0.27f, 0.26f, -190, 190))};
    case 7:
      if (variant) return {{{0.2f, 0.08f}, {0.8f, 0.08f}, {0.42f, 0.95f}}, {{0.36f, 0.5f}, {0.74f, 0.5f}}};
      return {{{0.2f, 0.08f}, {0.8f, 0.08f}, {0.42f, 0.95f}}};
    case 8: return {arc({0.5f, 0.28f}, 0.24f, 0.23f, 90, 450), arc({0.5f, 0.73f}, 0.29f, 0.24f, -90, 270)};
    default:
      if (variant) return {arc({0.48f, 0.3f}, 0.26f, 0.25f, 0, 360), {{0.74f, 0.3f}, {0.72f, 0.95f}}};
      return {arc({0.48f, 0.3f}, 0.26f, 0.25f, 0, 360),
              joined({{0.74f, 0.3f}}, arc({0.46f, 0.62f}, 0.28f, 0.32f, 0, 120))};
  }
}

// Turn, shear, stretch and shift, then a smooth bend by two crossed waves.
class Distortion {
 public:
  explicit Distortion(Random& random)
      : angle_(random.uniform(-22, 22) * kDegree),
        shear_(random.uniform(-0.35f, 0.35f)),
        width_(random.uniform(13, 21)),
        height_(random.uniform(16, 23)),
        centre_{14 + random.uniform(-2.5f, 2.5f), 14 + random.uniform(-2.5f, 2.5f)} {
    for (Wave& wave : waves_) wave = {random.uniform(0, 1.6f), random.uniform(2, 6), random.uniform(0, 6.28f)};
  }

  Point operator()(Point p) const {
    const float x = (p.x - 0.5f) * width_ + shear_ * (0.5f - p.y) * height_;
    const float y = (p.y - 0.5f) * height_;
    return {centre_.x + std::cos(angle_) * x - std::sin(angle_) * y + waves_[0].at(p.y),
            centre_.y + std::sin(angle_) * x + std::cos(angle_) * y + waves_[1].at(p.x)};
  }

 private:
  struct Wave {
    float amplitude, frequency, phase;
    float at(float t) const { return amplitude * std::sin(frequency * t + phase); }
  };
  float angle_, shear_, width_, height_;
  Point centre_;
  std::array<Wave, 2> waves_;
};

float distance_to_segment(Point p, Point a, Point b) {
  const float dx = b.x - a.x, dy = b.y - a.y;
  const float length2 = dx * dx + dy * dy;
  const float along = length2 > 0 ? std::clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / length2, 0.0f, 1.0f) : 0.0f;
  return std::hypot(p.x - a.x - along * dx, p.y - a.y - along * dy);
}

// Lays strokes over an image of ink in [0, 1].
void draw(const Drawing& drawing, float thickness, float ink, std::vector<float>& image) {
  for (const Stroke& stroke : drawing)
    for (size_t s = 0; s + 1 < stroke.size(); ++s)
      for (int64_t y = 0; y < kStrokesSide; ++y)
        for (int64_t x = 0; x < kStrokesSide; ++x) {
          const float distance =
              distance_to_segment({static_cast<float>(x), static_cast<float>(y)}, stroke[s], stroke[s + 1]);
          const float coverage = std::clamp(thickness / 2 + 0.5f - distance, 0.0f, 1.0f);
          float& pixel = image[static_cast<size_t>(y * kStrokesSide + x)];
          pixel = std::max(pixel, ink * coverage);
        }
}

void draw_sample(int64_t label, Random random, std::span<uint8_t> pixels) {
  std::vector<float> image(pixels.size(), 0.0f);
  Drawing drawing = digit(label, random);
  const Distortion distort(random);
  for (Stroke& stroke : drawing)
    for (Point& point : stroke) {
      point = distort({point.x + random.normal() * 0.012f, point.y + random.normal() * 0.012f});
    }
  draw(drawing, random.uniform(1.0f, 3.2f), random.uniform(0.55f, 1.0f), image);
  const auto stray = random.below(3);
  for (int64_t i = 0; i < stray; ++i) {
    const Point from{random.uniform(0, 27), random.uniform(0, 27)};
    draw({{from, {from.x + random.uniform(-9, 9), from.y + random.uniform(-9, 9)}}}, random.uniform(0.8f, 2.0f),
         random.uniform(0.3f, 0.9f), image);
  }
  const float noise = random.uniform(0.02f, 0.3f);
  for (size_t i = 0; i < pixels.size(); ++i)
    pixels[i] = static_cast<uint8_t>(std::lround(255 * std::clamp(image[i] + noise * random.normal(), 0.0f, 1.0f)));
}

std::string description(const std::string& arrays, const StrokesOptions& options) {
  const int64_t calibration = std::max<int64_t>(1, std::min<int64_t>(500, options.train / 10));
  return fmt::format(R"(name = "strokes"

[source]
kind = "npz"
path = "{0}"

[preprocess]
std = 255.0  # pixels to 0..1

[target]
kind = "class"
names = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]

[splits.calibration]
x = "x_train"
y = "y_train"
range = [0, {1}]

[splits.train]
x = "x_train"
y = "y_train"
range = [{1}, {2}]

[splits.test]
x = "x_test"
y = "y_test"
)",
                     arrays, calibration, options.train);
}

}  // namespace

LabelledImages draw_strokes(int64_t count, uint64_t seed, int threads) {
  LabelledImages set{Tensor(DType::UInt8, {count, kStrokesSide, kStrokesSide, 1}), Tensor(DType::Int64, {count})};
  const std::span<uint8_t> pixels = set.images.mutable_values<uint8_t>();
  const std::span<int64_t> labels = set.labels.mutable_values<int64_t>();
  constexpr size_t kPixels = kStrokesSide * kStrokesSide;
  // Classes in blocks of ten, shuffled inside each block, so that any prefix is nearly balanced.
  Random order(seed);
  std::vector<int64_t> block(kStrokesClasses);
  for (int64_t i = 0; i < count; ++i) {
    const auto place = static_cast<size_t>(i % kStrokesClasses);
    if (place == 0) {
      for (int64_t c = 0; c < kStrokesClasses; ++c) block[static_cast<size_t>(c)] = c;
      order.shuffle(block);
    }
    labels[static_cast<size_t>(i)] = block[place];
  }
  parallel_for(count, threads, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto at = static_cast<size_t>(i);
      draw_sample(labels[at], Random(seed * 0x9E3779B97F4A7C15u + static_cast<uint64_t>(i)),
                  pixels.subspan(at * kPixels, kPixels));
    }
  });
  return set;
}

Expected<void> make_strokes(const std::filesystem::path& output, const StrokesOptions& options) {
  constexpr int64_t kFewest = 100, kMost = 10'000'000;
  for (const int64_t count : {options.train, options.test})
    if (count < kFewest || count > kMost)
      return usage_error("{} samples were asked for; from {} to {} can be drawn", count, kFewest, kMost);
  const std::filesystem::path arrays = std::filesystem::path(output).replace_extension(".npz");
  const LabelledImages train = draw_strokes(options.train, options.seed, options.threads);
  const LabelledImages test = draw_strokes(options.test, options.seed ^ 0x7E57000000000000u, options.threads);
  const std::vector<NamedTensor> named{
      {"x_train", train.images}, {"y_train", train.labels}, {"x_test", test.images}, {"y_test", test.labels}};
  PARE_TRY(write_arrays(arrays, named));
  return write_file(std::filesystem::path(output).replace_extension(".toml"),
                    description(arrays.filename().string(), options));
}

}  // namespace pare
