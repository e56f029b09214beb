// Functions of fixed-point numbers, for integer kernels that must agree with TFLite's reference kernels to the last bit. TFLite takes
// its number type and the exponential from gemmlowp ("fixedpoint"); polynomials, constants and roundings are those.
#pragma once

#include "engine/fixed_point.h"

namespace pare {

// raw / 2^(31 - Bits): `Bits` bits stand in front of the binary point. Sums wrap around as 32-bit integers do.
template <int Bits>
struct Fixed {
  int32_t raw = 0;

  static constexpr Fixed one() {
    return {Bits == 0 ? std::numeric_limits<int32_t>::max() : static_cast<int32_t>(int64_t{1} << (31 - Bits))};
  }
  friend Fixed operator+(Fixed a, Fixed b) {
    return {static_cast<int32_t>(static_cast<uint32_t>(a.raw) + static_cast<uint32_t>(b.raw))};
  }
  friend Fixed operator-(Fixed a, Fixed b) {
    return {static_cast<int32_t>(static_cast<uint32_t>(a.raw) - static_cast<uint32_t>(b.raw))};
  }
};

template <int A, int B>
Fixed<A + B> operator*(Fixed<A> a, Fixed<B> b) {
  return {doubling_high_multiply(a.raw, b.raw)};
}

// value * 2^exponent, saturated.
inline int32_t saturating_shift_left(int32_t value, int exponent) {
  if (exponent == 0) return value;
  const auto threshold = static_cast<int32_t>((int64_t{1} << (31 - exponent)) - 1);
  if (value > threshold) return std::numeric_limits<int32_t>::max();
  if (value < -threshold) return std::numeric_limits<int32_t>::min();
  return static_cast<int32_t>(static_cast<uint32_t>(value) << exponent);
}

// The same number with the point elsewhere: saturated where it moves to the left, rounded where to the right.
template <int To, int From>
Fixed<To> rescale(Fixed<From> x) {
  if constexpr (To < From)
    return {saturating_shift_left(x.raw, From - To)};
  else
    return {rounding_shift_right(x.raw, To - From)};
}

// exp(x) for x <= 0.
Fixed<0> exp_of_negative(Fixed<5> x);
// 1 / (1 + x) for x in [0, 1].
Fixed<0> reciprocal_of_one_plus(Fixed<0> x);
// 1 / x = mantissa / 2^exponent for x > 0.
struct Reciprocal {
  Fixed<0> mantissa;
  int exponent;
};
Reciprocal reciprocal(Fixed<12> x);
// log(x) for x >= 1.
Fixed<5> log_of_at_least_one(Fixed<12> x);
// 1 / sqrt(x) of an integer; of 0 as of 1.
FixedMultiplier inverse_square_root(int32_t x);

}  // namespace pare
