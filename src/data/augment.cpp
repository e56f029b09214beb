#include "data/augment.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace pare {
namespace {

struct Image {
  int64_t height, width, channels;
  std::span<float> values;
};

float either_way(float most, Random& random) { return most == 0 ? 0 : random.uniform(-most, most); }

// Takes a pixel of the result, seen from the middle of the image, to the place in the original that it shows.
struct Placement {
  float xx = 1, xy = 0, yx = 0, yy = 1, x = 0, y = 0;
  bool operator==(const Placement&) const = default;
};

// The way back through what moves the image: flipped, then zoomed and turned, then shifted.
Placement draw_placement(const Augmentation& steps, const Image& image, Random& random) {
  const bool flipped = steps.flip > 0 && random.uniform() < double{steps.flip};
  const float factor = 1 + either_way(steps.zoom, random);
  const float angle = either_way(steps.rotation, random) * std::numbers::pi_v<float> / 180;
  float down = either_way(steps.shift, random) * static_cast<float>(image.height);
  float right = either_way(steps.shift, random) * static_cast<float>(image.width);
  if (steps.pad_crop > 0) {
    down += static_cast<float>(random.below(2 * steps.pad_crop + 1) - steps.pad_crop);
    right += static_cast<float>(random.below(2 * steps.pad_crop + 1) - steps.pad_crop);
  }
  const float cosine = std::cos(angle) / factor, sine = std::sin(angle) / factor, side = flipped ? -1.0f : 1.0f;
  Placement to;
  to.xx = side * cosine;
  to.xy = side * sine;
  to.yx = -sine;
  to.yy = cosine;
  to.x = -(to.xx * right + to.xy * down);
  to.y = -(to.yx * right + to.yy * down);
  return to;
}

// Where along one dimension a value comes from: (1 - weight) of low, weight of high; those outside are clamped, or blank.
struct Between {
  int64_t low, high;
  float weight;
  bool low_inside, high_inside;

  Between(float position, int64_t size) {
    const float last = static_cast<float>(size);
    const float floor = std::floor(std::clamp(position, -1.0f, last));  // beyond, all is edge or blank
    weight = std::clamp(position, -1.0f, last) - floor;
    low = static_cast<int64_t>(floor);
    high = low + 1;
    low_inside = low >= 0 && low < size;
    high_inside = high >= 0 && high < size;
    low = std::clamp<int64_t>(low, 0, size - 1);
    high = std::clamp<int64_t>(high, 0, size - 1);
  }
};

void resample(const Image& image, const Placement& to, const std::optional<float>& fill) {
  const std::vector<float> from(image.values.begin(), image.values.end());
  const float middle_x = static_cast<float>(image.width - 1) / 2, middle_y = static_cast<float>(image.height - 1) / 2;
  float* out = image.values.data();
  for (int64_t row = 0; row < image.height; ++row)
    for (int64_t column = 0; column < image.width; ++column) {
      const float dx = static_cast<float>(column) - middle_x, dy = static_cast<float>(row) - middle_y;
      const Between x(middle_x + to.xx * dx + to.xy * dy + to.x, image.width),
          y(middle_y + to.yx * dx + to.yy * dy + to.y, image.height);
      const auto value = [&](int64_t at_y, int64_t at_x, bool inside, int64_t channel) {
        return fill && !inside ? *fill
                               : from[static_cast<size_t>((at_y * image.width + at_x) * image.channels + channel)];
      };
      for (int64_t c = 0; c < image.channels; ++c) {
        const float top_left = value(y.low, x.low, y.low_inside && x.low_inside, c),
                    top_right = value(y.low, x.high, y.low_inside && x.high_inside, c),
                    bottom_left = value(y.high, x.low, y.high_inside && x.low_inside, c),
                    bottom_right = value(y.high, x.high, y.high_inside && x.high_inside, c);
        const float top = top_left + (top_right - top_left) * x.weight,
                    bottom = bottom_left + (bottom_right - bottom_left) * x.weight;
        *out++ = top + (bottom - top) * y.weight;
      }
    }
}

void change_colors(const Augmentation& steps, const Image& image, Random& random) {
  const float added = either_way(steps.brightness, random), contrast = 1 + either_way(steps.contrast, random),
              saturation = 1 + either_way(steps.saturation, random);
  if (steps.saturation > 0 && image.channels == 3)
    for (size_t p = 0; p + 2 < image.values.size(); p += 3) {
      float* pixel = image.values.data() + p;
      const float grey = 0.299f * pixel[0] + 0.587f * pixel[1] + 0.114f * pixel[2];  // ITU-R BT.601
      for (int c = 0; c < 3; ++c) pixel[c] = grey + (pixel[c] - grey) * saturation;
    }
  if (steps.contrast > 0) {
    const double sum = std::accumulate(image.values.begin(), image.values.end(), 0.0);
    const auto mean = static_cast<float>(sum / static_cast<double>(image.values.size()));
    for (float& value : image.values) value = mean + (value - mean) * contrast;
  }
  if (steps.brightness > 0)
    for (float& value : image.values) value += added;
}

void cut_out(const Augmentation& steps, const Image& image, Random& random) {
  const int64_t top = random.below(image.height) - steps.cutout / 2,
                left = random.below(image.width) - steps.cutout / 2;
  const int64_t bottom = std::min(image.height, top + steps.cutout), right = std::min(image.width, left + steps.cutout);
  for (int64_t row = std::max<int64_t>(top, 0); row < bottom; ++row) {
    const auto begin = image.values.begin() + row * image.width * image.channels;
    std::fill(begin + std::max<int64_t>(left, 0) * image.channels, begin + right * image.channels,
              steps.fill.value_or(0));
  }
}

// Later by `steps` of the first dimension, or earlier where that is negative.
void shift_in_time(std::span<float> sample, int64_t length, int64_t steps, const std::optional<float>& fill) {
  const int64_t width = static_cast<int64_t>(sample.size()) / length, kept = (length - std::abs(steps)) * width;
  const std::vector<float> from(sample.begin(), sample.end());
  const auto edge = from.begin() + (steps > 0 ? 0 : (length - 1) * width);
  const auto blank = steps > 0 ? sample.begin() : sample.begin() + kept;
  std::copy_n(from.begin() + (steps > 0 ? 0 : -steps * width), kept, sample.begin() + (steps > 0 ? steps * width : 0));
  for (int64_t step = 0; step < std::abs(steps); ++step)
    if (fill)
      std::fill_n(blank + step * width, width, *fill);
    else
      std::copy_n(edge, width, blank + step * width);
}

bool moves_images(const Augmentation& steps) {
  return steps.flip > 0 || steps.pad_crop > 0 || steps.shift > 0 || steps.rotation > 0 || steps.zoom > 0;
}
bool changes_images(const Augmentation& steps) {
  return moves_images(steps) || steps.brightness > 0 || steps.contrast > 0 || steps.saturation > 0 || steps.cutout > 0;
}
bool is_image(const Shape& shape) { return shape.rank() == 3; }

}  // namespace

Expected<void> check_augmentation(const Augmentation& steps, std::span<const DType> dtypes,
                                  std::span<const Shape> shapes) {
  if (!steps.any()) return {};
  bool has_image = false, has_color = false, has_float = false, has_other = false;
  for (size_t input = 0; input < shapes.size(); ++input) {
    if (dtypes[input] != DType::Float32) {
      has_other = true;
      continue;
    }
    has_float = has_float || shapes[input].rank() > 0;
    has_image = has_image || is_image(shapes[input]);
    has_color = has_color || (is_image(shapes[input]) && shapes[input][2] == 3);
  }
  if (!has_float)
    return bad_input("[augment] changes samples of f32, the inputs are {}{}; remove it, or 'keep_type' in [preprocess]",
                     to_string(dtypes[0]), shapes[0].to_string());
  if (changes_images(steps) && !has_image)
    return bad_input("[augment] has steps for images [height, width, channels], the samples have the shape {}",
                     shapes[0].to_string());
  if (steps.saturation > 0 && !has_color)
    return bad_input("'saturation' in [augment] needs images of three channels, the samples have the shape {}",
                     shapes[0].to_string());
  if (steps.mixup > 0 && has_other)
    return bad_input("'mixup' in [augment] mixes samples of f32; an input holds integers");
  return {};
}

void augment(const Augmentation& steps, const Shape& shape, std::span<float> sample, Random random) {
  if (shape.rank() == 0 || sample.empty()) return;
  if (is_image(shape) && changes_images(steps)) {
    const Image image{shape[0], shape[1], shape[2], sample};
    const Placement place = draw_placement(steps, image, random);
    if (place != Placement{}) resample(image, place, steps.fill);
    change_colors(steps, image, random);
    if (steps.cutout > 0) cut_out(steps, image, random);
  }
  if (steps.time_shift > 0) {
    const auto most = static_cast<int64_t>(steps.time_shift * static_cast<float>(shape[0]));
    const bool waveform = shape.rank() == 1;
    shift_in_time(sample, shape[0], random.below(2 * most + 1) - most,
                  waveform ? std::optional(steps.fill.value_or(0)) : steps.fill);
  }
  if (steps.gain > 0) {
    const float factor = 1 + either_way(steps.gain, random);
    for (float& value : sample) value *= factor;
  }
  if (steps.noise > 0)
    for (float& value : sample) value += steps.noise * random.normal();
}

float draw_mixup_share(float alpha, Random& random) {
  // X / (X + Y) of two gamma variates, each by Marsaglia and Tsang (2000) for alpha + 1 and brought down to alpha by a power of a
  // uniform one; in logarithms, since small alphas give variates below the smallest number.
  const auto log_gamma_variate = [&] {
    const double d = double{alpha} + 1 - 1.0 / 3, c = 1 / std::sqrt(9 * d);
    for (;;) {
      const double x = random.normal(), v = std::pow(1 + c * x, 3), u = 1 - random.uniform();
      if (v > 0 && std::log(u) < x * x / 2 + d - d * v + d * std::log(v))
        return std::log(d * v) + std::log(1 - random.uniform()) / double{alpha};
    }
  };
  const double x = log_gamma_variate(), y = log_gamma_variate();
  return static_cast<float>(1 / (1 + std::exp(y - x)));
}

}  // namespace pare
