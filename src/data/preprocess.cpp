#include "data/preprocess.h"

#include <algorithm>
#include <cmath>

namespace pare {
namespace {

Expected<Tensor> apply_image_steps(Tensor image, const Preprocessing& steps, bool mirror) {
  if (image.shape().rank() != 3 || image.elements() == 0)
    return bad_input("resizing, cutting and mirroring need [height, width, channels], the sample has the shape {}",
                     image.shape().to_string());
  if (!steps.resize.empty()) image = resize_image(image, steps.resize[0], steps.resize[1], steps.filter);
  if (steps.resize_short > 0) {
    const int64_t height = image.shape()[0], width = image.shape()[1], shorter = std::min(height, width);
    const auto scaled = [&](int64_t side) { return (side * steps.resize_short + shorter / 2) / shorter; };
    if (std::max(scaled(height), scaled(width)) * steps.resize_short > kMostPixels)
      return bad_input("the image of {} x {} becomes {} x {}, more than {} pixels; make resize_short smaller", width,
                       height, scaled(width), scaled(height), kMostPixels);
    image = resize_image(image, scaled(height), scaled(width), steps.filter);
  }
  if (!steps.crop.empty()) { PARE_ASSIGN(image, crop_centre(image, steps.crop[0], steps.crop[1])); }
  return mirror ? mirror_image(image) : image;
}

Expected<void> check_finite(const Tensor& sample) {
  if (!is_float(sample.dtype())) return {};
  const std::vector<float> values = to_floats(sample);
  const auto bad = std::find_if(values.begin(), values.end(), [](float value) { return !std::isfinite(value); });
  if (bad != values.end())
    return bad_input("the sample holds {} at element {}; finite numbers were expected", *bad, bad - values.begin());
  return {};
}

// (x - zero_point) * scale + offset, then (x - mean) / deviation.
Expected<Tensor> scale_values(const Tensor& sample, const Preprocessing& steps) {
  const int64_t channels = sample.shape().rank() == 0 ? 1 : sample.shape()[-1];
  for (const auto* list : {&steps.mean, &steps.deviation})
    if (list->size() > 1 && static_cast<int64_t>(list->size()) != channels)
      return bad_input("'mean' or 'std' has {} numbers, the samples {} have {} channels", list->size(),
                       sample.shape().to_string(), channels);
  Tensor out = sample.dtype() == DType::Float32 ? sample : Tensor::of<float>(sample.shape(), to_floats(sample));
  const std::span<float> values = out.mutable_values<float>();
  if (steps.zero_point != 0 || steps.scale != 1 || steps.offset != 0)
    for (float& value : values) value = (value - steps.zero_point) * steps.scale + steps.offset;
  const auto each_channel = [&](const std::vector<float>& list, auto&& apply) {
    if (list.empty()) return;
    for (size_t i = 0; i < values.size(); ++i) apply(values[i], list.size() == 1 ? list[0] : list[i % list.size()]);
  };
  each_channel(steps.mean, [](float& value, float mean) { value -= mean; });
  each_channel(steps.deviation, [](float& value, float deviation) { value /= deviation; });
  return out;
}

}  // namespace

Expected<Tensor> preprocess(const Tensor& stored, bool channels_first, const Preprocessing& steps, bool mirror) {
  PARE_TRY(check_finite(stored));
  Tensor sample = stored;
  if (channels_first) {
    if (sample.shape().rank() != 3)
      return bad_input("channels come first in samples of shape [channels, height, width], found {}",
                       sample.shape().to_string());
    sample = channels_last(sample);
  }
  if (steps.sound.change_samples()) { PARE_ASSIGN(sample, sound_features(sample, steps.sound)); }
  mirror = mirror != steps.mirror;
  if (mirror || !steps.resize.empty() || steps.resize_short > 0 || !steps.crop.empty()) {
    PARE_ASSIGN(sample, apply_image_steps(std::move(sample), steps, mirror));
  }
  if (!steps.keep_type || is_float(sample.dtype())) { PARE_ASSIGN(sample, scale_values(sample, steps)); }
  if (steps.shape.empty()) return sample;
  const Shape shape(steps.shape);
  if (shape.elements() != sample.elements())
    return bad_input("the sample has the shape {}, which cannot become {}", sample.shape().to_string(),
                     shape.to_string());
  return sample.reshaped(shape);
}

}  // namespace pare
