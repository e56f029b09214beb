#include "data/image.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "data/image_codecs.h"

namespace pare {
namespace {

// Where an output position takes its value from along one dimension.
struct Sample {
  int64_t low, high;
  float weight;
};  // (1 - weight) of low, weight of high

std::vector<Sample> sample_positions(int64_t from, int64_t to, ResizeFilter filter) {
  std::vector<Sample> samples(static_cast<size_t>(to));
  const float step = static_cast<float>(from) / static_cast<float>(to);
  for (int64_t i = 0; i < to; ++i) {
    Sample& sample = samples[static_cast<size_t>(i)];
    const float centre = (static_cast<float>(i) + 0.5f) * step;
    if (filter == ResizeFilter::Nearest) {
      sample.low = sample.high = std::clamp<int64_t>(static_cast<int64_t>(std::floor(centre)), 0, from - 1);
      sample.weight = 0;
      continue;
    }
    const float position = centre - 0.5f, floor = std::floor(position);
    sample.low = std::clamp<int64_t>(static_cast<int64_t>(floor), 0, from - 1);
    sample.high = std::clamp<int64_t>(static_cast<int64_t>(floor) + 1, 0, from - 1);
    sample.weight = position - floor;
  }
  return samples;
}

// Copies pixels, each from the place that `source(y, x)` names.
template <class Source>
Tensor rearrange(const Tensor& image, int64_t height, int64_t width, const Source& source) {
  Tensor out(image.dtype(), {height, width, image.shape()[2]});
  const size_t pixel = storage_bytes(image.dtype(), image.shape()[2]);
  std::byte* to = out.mutable_bytes().data();
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x, to += pixel)
      std::memcpy(to, image.bytes().data() + static_cast<size_t>(source(y, x)) * pixel, pixel);
  return out;
}

}  // namespace

Expected<Tensor> decode_image(std::span<const std::byte> bytes, ColorMode mode) {
  if (bytes.size() > 3 && std::memcmp(bytes.data(), "\xFF\xD8\xFF", 3) == 0) return decode_jpeg(bytes, mode);
  if (bytes.size() > 8 && std::memcmp(bytes.data(), "\x89PNG\r\n\x1A\n", 8) == 0) return decode_png(bytes, mode);
  return bad_input("neither a JPEG nor a PNG image");
}

Tensor resize_image(const Tensor& image, int64_t height, int64_t width, ResizeFilter filter) {
  PARE_CHECK(image.shape().rank() == 3 && height > 0 && width > 0 && image.elements() > 0);
  const int64_t channels = image.shape()[2], row = image.shape()[1] * channels;
  const std::vector<float> from = to_floats(image);
  const std::vector<Sample> rows = sample_positions(image.shape()[0], height, filter),
                            columns = sample_positions(image.shape()[1], width, filter);
  Tensor out(DType::Float32, {height, width, channels});
  float* to = out.mutable_values<float>().data();
  for (const Sample& y : rows)
    for (const Sample& x : columns)
      for (int64_t c = 0; c < channels; ++c) {
        const float* upper = from.data() + y.low * row + c;
        const float* lower = from.data() + y.high * row + c;
        const float top = upper[x.low * channels] + (upper[x.high * channels] - upper[x.low * channels]) * x.weight;
        const float bottom = lower[x.low * channels] + (lower[x.high * channels] - lower[x.low * channels]) * x.weight;
        *to++ = top + (bottom - top) * y.weight;
      }
  return out;
}

Expected<Tensor> crop_centre(const Tensor& image, int64_t height, int64_t width) {
  const int64_t rows = image.shape()[0], columns = image.shape()[1];
  if (rows < height || columns < width)
    return bad_input("the image has {} x {} pixels, the cut needs {} x {}; resize first", columns, rows, width, height);
  const int64_t top = (rows - height) / 2, left = (columns - width) / 2;
  return rearrange(image, height, width, [&](int64_t y, int64_t x) { return (top + y) * columns + left + x; });
}

Tensor mirror_image(const Tensor& image) {
  const int64_t columns = image.shape()[1];
  return rearrange(image, image.shape()[0], columns,
                   [&](int64_t y, int64_t x) { return y * columns + columns - 1 - x; });
}

Tensor channels_last(const Tensor& image) {
  const int64_t channels = image.shape()[0], pixels = image.shape()[1] * image.shape()[2];
  Tensor out(image.dtype(), {image.shape()[1], image.shape()[2], channels});
  const size_t width = storage_bytes(image.dtype(), 1);
  std::byte* to = out.mutable_bytes().data();
  for (int64_t p = 0; p < pixels; ++p)
    for (int64_t c = 0; c < channels; ++c, to += width)
      std::memcpy(to, image.bytes().data() + static_cast<size_t>(c * pixels + p) * width, width);
  return out;
}

}  // namespace pare
