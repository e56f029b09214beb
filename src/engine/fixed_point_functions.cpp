#include "engine/fixed_point_functions.h"

#include <algorithm>
#include <array>
#include <bit>

namespace pare {
namespace {

int leading_zeros(int32_t x) { return std::countl_zero(static_cast<uint32_t>(x)); }

// (a + b) / 2, ties away from zero.
Fixed<0> rounded_mean(Fixed<0> a, Fixed<0> b) {
  const int64_t sum = int64_t{a.raw} + b.raw;
  return {static_cast<int32_t>((sum + (sum >= 0 ? 1 : -1)) / 2)};
}

// exp(x) for x in [-1/4, 0): the Taylor polynomial of degree four around -1/8.
Fixed<0> exp_near_zero(Fixed<0> x) {
  constexpr Fixed<0> kExpOfCentre{1895147668};  // exp(-1/8)
  constexpr Fixed<0> kThird{715827883};
  const Fixed<0> d = x + Fixed<0>{1 << 28};
  const Fixed<0> d2 = d * d, d3 = d2 * d, d4 = d2 * d2;
  const Fixed<0> quarter_d4{rounding_shift_right(d4.raw, 2)};
  const Fixed<0> higher_terms{
      rounding_shift_right(((quarter_d4 + d3) * kThird + d2).raw, 1)};  // d^4/24 + d^3/6 + d^2/2
  return kExpOfCentre + kExpOfCentre * (d + higher_terms);
}

}  // namespace

Fixed<0> exp_of_negative(Fixed<5> x) {
  if (x.raw == 0) return Fixed<0>::one();
  constexpr int kFractionBits = 26;
  constexpr int32_t kQuarter = 1 << (kFractionBits - 2);
  // x = near - rest with near in [-1/4, 0) and rest a sum of powers of two from 1/4 to 16.
  const int32_t near = (x.raw & (kQuarter - 1)) - kQuarter;
  const int32_t rest = near - x.raw;
  Fixed<0> result = exp_near_zero(rescale<0>(Fixed<5>{near}));
  // exp(-2^k) for k from -2 to 4
  constexpr std::array<int32_t, 7> kFactors{1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
  for (int i = 0; i < 7; ++i)
    if ((rest & (1 << (kFractionBits - 2 + i))) != 0) result = result * Fixed<0>{kFactors[static_cast<size_t>(i)]};
  return result;
}

Fixed<0> reciprocal_of_one_plus(Fixed<0> x) {
  // Newton's iteration for 1 / ((1 + x) / 2), from the best linear start 48/17 - 32/17 * half.
  const Fixed<0> half = rounded_mean(x, Fixed<0>::one());
  Fixed<2> y = Fixed<2>{1515870810} + half * Fixed<2>{-1010580540};
  for (int i = 0; i < 3; ++i) y = y + rescale<2>(y * (Fixed<2>::one() - half * y));
  return rescale<0>(Fixed<1>{y.raw});  // y / 2
}

Reciprocal reciprocal(Fixed<12> x) {
  const int headroom = leading_zeros(x.raw);
  const auto fraction = static_cast<int32_t>((static_cast<uint32_t>(x.raw) << headroom) -
                                             (uint32_t{1} << 31));  // x scaled into [1, 2), minus 1
  return {reciprocal_of_one_plus({fraction}), 12 - headroom};
}

// With x = r * 2^k and r near sqrt(sqrt(1/2)), log(x) = k log 2 + log(r), the latter by a rational function. Two scalings of x
// compete, one of them premultiplied with sqrt(1/2); the better centred one wins.
Fixed<5> log_of_at_least_one(Fixed<12> x) {
  constexpr int kInputBits = 12;
  using Sum = Fixed<6>;  // one bit of headroom
  constexpr Fixed<0> kLog2{1488522236}, kFourthRootOfHalf{1805811301}, kRootOfHalf{1518500250}, kQuarter{536870912};
  constexpr Fixed<0> kAlphaN{117049297}, kAlphaD{127690142}, kAlphaI{1057819769}, kAlphaF{638450708};
  constexpr int kSumFraction = 31 - 6;
  const Fixed<0> z{x.raw};  // read with another scale; the exponents below make up for it
  const auto saturated = [](int64_t sum) {
    return static_cast<int32_t>(std::clamp<int64_t>(sum, INT32_MIN, INT32_MAX));
  };
  const int32_t quarter = rescale<6>(kQuarter).raw;

  const int zeros_a = leading_zeros(z.raw);
  const Fixed<0> scaled_a{saturating_shift_left(z.raw, zeros_a - 1)};
  const int32_t r_a = saturating_shift_left((scaled_a * kRootOfHalf).raw, 1);
  const int32_t power_a = saturated(int64_t{saturating_shift_left(kInputBits - zeros_a, kSumFraction)} + quarter);

  const int headroom_b = leading_zeros((z * kRootOfHalf).raw) - 1;
  const int32_t r_b = saturating_shift_left(z.raw, headroom_b);
  const int32_t power_b = saturated(int64_t{saturating_shift_left(kInputBits - headroom_b, kSumFraction)} - quarter);

  const Fixed<0> r{std::min(r_a, r_b)};
  const Sum power{std::max(power_a, power_b)};
  const Fixed<0> p = rounded_mean(r, kFourthRootOfHalf);
  const Fixed<0> difference = r - kFourthRootOfHalf;
  const Fixed<0> q = difference + difference;
  const Fixed<0> q2 = q * q;
  const Fixed<0> numerator = q * r + q * q2 * kAlphaN;
  const Fixed<0> denominator_minus_one = p * (kAlphaI + q + kAlphaD * q2) + kAlphaF * q;
  return rescale<5>(power * kLog2 + rescale<6>(numerator) * reciprocal_of_one_plus(denominator_minus_one));
}

FixedMultiplier inverse_square_root(int32_t x) {
  if (x <= 1) return {std::numeric_limits<int32_t>::max(), 0};
  int right_shift = 11;
  while (x >= (1 << 29)) {
    x /= 4;
    ++right_shift;
  }
  const int pairs = (leading_zeros(x) - 1) / 2 - 1;  // shifted to the left by pairs of bits into [2^27, 2^29)
  right_shift -= pairs;
  x <<= 2 * pairs;
  const Fixed<3> whole{x >> 1};
  const Fixed<3> half{rounding_shift_right(whole.raw, 1)};
  constexpr Fixed<3> kThreeHalves{(1 << 28) + (1 << 27)};
  Fixed<3> y = Fixed<3>::one();
  for (int i = 0; i < 5; ++i) y = rescale<3>(kThreeHalves * y - half * rescale<3>(y * y * y));  // Newton's iteration
  int32_t multiplier = (y * Fixed<0>{1518500250}).raw;                                          // sqrt(2) / 2
  if (right_shift < 0) {
    multiplier <<= -right_shift;
    right_shift = 0;
  }
  return {multiplier, -right_shift};
}

}  // namespace pare
