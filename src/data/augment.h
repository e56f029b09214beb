// Random changes of training samples after their preprocessing, so that a network sees more than was collected.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "base/tensor.h"

namespace pare {

// The table [augment] of a description. Each amount is drawn anew for each sample and epoch; 0 leaves the step out.
struct Augmentation {
  // Images [height, width, channels]. The first five are one resampling, bilinear, about the middle.
  float flip = 0;        // probability that left and right are exchanged
  int64_t pad_crop = 0;  // pixels added on each side before the size is cut out at a random place
  float shift = 0;       // of height and width, up to this share, either way
  float rotation = 0;    // degrees, up to this many, either way
  float zoom = 0;        // factor between 1 - zoom and 1 + zoom
  float brightness = 0;  // added, up to this much, either way, in units of the preprocessed sample
  float contrast = 0;    // distance from the mean of the image times 1 - contrast to 1 + contrast
  // Distance from the grey of the pixel times 1 - saturation to 1 + saturation; needs three channels.
  float saturation = 0;
  int64_t cutout = 0;  // side of a square that is blanked, its middle anywhere in the image
  // Signals: the first dimension is time.
  float time_shift = 0;  // of the length, up to this share, either way
  float gain = 0;        // times 1 - gain to 1 + gain
  float noise = 0;       // standard deviation of normal noise that is added
  // Any sample: share * sample + (1 - share) * the next of its batch, targets likewise, the share of Beta(mixup, mixup).
  float mixup = 0;
  // What comes in from outside; nothing: the nearest edge, but 0 for cut-outs and for signals [time].
  std::optional<float> fill;

  bool any() const { return *this != Augmentation{.fill = fill}; }
  bool operator==(const Augmentation&) const = default;
};

// Fails where a step finds no input of the shape and type that it changes.
Expected<void> check_augmentation(const Augmentation& steps, std::span<const DType> dtypes,
                                  std::span<const Shape> shapes);

// Applies all but mixup to one input of a sample in place: image steps to [height, width, channels], signal steps to all. Equal
// streams give equal draws, so that the inputs of one sample change alike.
void augment(const Augmentation& steps, const Shape& shape, std::span<float> sample, Random random);

// The share that mixup leaves a sample: of Beta(alpha, alpha).
float draw_mixup_share(float alpha, Random& random);

}  // namespace pare
