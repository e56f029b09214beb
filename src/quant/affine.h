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

// Codes of an activation of `bits` bits: the lowest 2^bits that the storage has, so that the lower end saturates by itself.
IntegerRange activation_codes(DType storage, int bits);
// Codes of weights, symmetric: +-(2^(bits - 1) - 1).
IntegerRange weight_codes(int bits);

// Per-tensor parameters of an activation. The range is widened to hold zero, and where it is too narrow for a usable scale.
//   Int8, UInt8: asymmetric, over activation_codes(), real zero exactly on the grid.
//   Int16:       symmetric, codes [-32767, 32767], zero point 0; all 16 bits.
Quantization activation_parameters(Range range, DType storage, int bits);
inline Quantization activation_parameters(Range range, DType storage) {
  return activation_parameters(range, storage, bit_width(storage));
}

// The scale with which the largest magnitude of symmetric weights has the outermost code.
float weight_scale(float largest_magnitude, int bits = 8);
// One scale for each slice of `weights` (float32) along `axis`, or a single one; zero points 0. In 8 bits the largest magnitude has the
// outermost code; in fewer the scale is the one of least squared error, which clips.
Quantization weight_parameters(const Tensor& weights, int axis, bool per_tensor, int bits = 8);

// The nearest number of so many significant bits. With fewer than the fewest a scale might be a quarter off.
inline constexpr int kFewestScaleBits = 3, kFloatBits = 24;
float rounded_scale(float scale, int bits);

// The largest magnitude in each slice along `axis`.
std::vector<float> channel_magnitudes(const Tensor& weights, int axis);

// Integers of a float32 tensor, clamped to `codes`, or to the range of the storage.
Tensor quantize_tensor(const Tensor& values, const Quantization& quantization, DType storage, IntegerRange codes);
inline Tensor quantize_tensor(const Tensor& values, const Quantization& quantization, DType storage) {
  return quantize_tensor(values, quantization, storage, integer_range(storage));
}
// Real numbers of a quantised tensor, as float32. Storage: int8, uint8, int16, int32, int64.
Tensor dequantize_tensor(const Tensor& stored, const Quantization& quantization);

// Half precision, finite values clamped to +-65504 (as the TFLite converter does).
Tensor to_float16(const Tensor& values);

}  // namespace pare
