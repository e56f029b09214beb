// From ranges of real numbers to quantisation parameters, and from reals to integers.
// Source: TFLite 8-bit quantisation specification; Jacob et al. (2018), section 2.1. Rounding is to nearest, ties away from zero.
#pragma once

#include <span>

#include "base/tensor.h"
#include "ir/types.h"

namespace pare {

struct Range {
  float lowest = 0, highest = 0;

  Range united(const Range& other) const { return {std::min(lowest, other.lowest), std::max(highest, other.highest)}; }
  bool operator==(const Range&) const = default;
};

// The range of the finite elements; {0, 0} where there is none. Infinite ones saturate when they are quantised.
Range finite_range(std::span<const float> values);

// Per-tensor parameters of an activation. The range is widened to hold zero, and where it is too narrow for a usable scale.
//   Int8, UInt8: asymmetric, the whole storage range, real zero exactly on the grid.
//   Int16:       symmetric, codes [-32767, 32767], zero point 0.
Quantization activation_parameters(Range range, DType storage);

// Symmetric parameters of weights in int8, codes [-127, 127], zero points 0.
float weight_scale(float largest_magnitude);
// One scale for each slice of `weights` (float32) along `axis`, or a single one.
Quantization weight_parameters(const Tensor& weights, int axis, bool per_tensor);

// The largest magnitude in each slice along `axis`.
std::vector<float> channel_magnitudes(const Tensor& weights, int axis);

// Integers of a float32 tensor, clamped to the storage range (to [-127, 127] for symmetric int8 weights, whose parameters have one
// scale a channel or zero point 0 and `narrow`).
Tensor quantize_tensor(const Tensor& values, const Quantization& quantization, DType storage, bool narrow = false);
// Real numbers of a quantised tensor, as float32. Storage: int8, uint8, int16, int32, int64.
Tensor dequantize_tensor(const Tensor& stored, const Quantization& quantization);

// Half precision, finite values clamped to +-65504 (as the TFLite converter does).
Tensor to_float16(const Tensor& values);

}  // namespace pare
