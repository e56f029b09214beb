// The integer arithmetic of TFLite's reference kernels: real multipliers as 32-bit fixed-point numbers with a shift.
// Source: Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference" (2018),
// section 2.2, and the TFLite 8-bit quantisation specification. Rounding is the two-step kind: a doubling high product rounded
// to nearest (ties away from zero), then a right shift rounded to nearest (ties away from zero).
#pragma once

#include <cstdint>
#include <limits>

namespace pare {

// real = multiplier * 2^(shift - 31), multiplier in [2^30, 2^31) or 0.
struct FixedMultiplier {
  int32_t multiplier = 0;
  int shift = 0;  // to the left where positive
};

FixedMultiplier to_fixed_multiplier(double real);

// round(a * b / 2^31), saturated; the product of the two smallest numbers is the only overflow.
inline int32_t doubling_high_multiply(int32_t a, int32_t b) {
  if (a == b && a == std::numeric_limits<int32_t>::min()) return std::numeric_limits<int32_t>::max();
  const int64_t product = static_cast<int64_t>(a) * b;
  const int64_t nudge = product >= 0 ? (int64_t{1} << 30) : 1 - (int64_t{1} << 30);
  return static_cast<int32_t>((product + nudge) / (int64_t{1} << 31));
}

// round(value / 2^exponent), ties away from zero.
inline int32_t rounding_shift_right(int32_t value, int exponent) {
  const auto mask = static_cast<int32_t>((int64_t{1} << exponent) - 1);
  const int32_t remainder = value & mask;
  const int32_t threshold = (mask >> 1) + (value < 0 ? 1 : 0);
  return (value >> exponent) + (remainder > threshold ? 1 : 0);
}

// value * multiplier, for 32-bit accumulators.
inline int32_t multiply(int32_t value, FixedMultiplier by) {
  const int left = by.shift > 0 ? by.shift : 0;
  const int right = by.shift > 0 ? 0 : -by.shift;
  const auto shifted = static_cast<int32_t>(static_cast<uint32_t>(value) << left);
  return rounding_shift_right(doubling_high_multiply(shifted, by.multiplier), right);
}

// value * multiplier, for the 48-bit accumulators of 16-bit activations (the multiplier is reduced to 16 bits first).
int32_t multiply(int64_t value, FixedMultiplier by);

}  // namespace pare
