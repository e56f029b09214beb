#include "engine/fixed_point_functions.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace pare {
namespace {

template <int Bits>
double real(Fixed<Bits> x) {
  return std::ldexp(x.raw, Bits - 31);
}

TEST(FixedPoint, MultipliersRepresentRealNumbers) {
  Random random(1);
  for (int i = 0; i < 1000; ++i) {
    const double value = std::exp(random.uniform(-15, 8));
    const FixedMultiplier m = to_fixed_multiplier(value);
    EXPECT_NEAR(std::ldexp(m.multiplier, m.shift - 31) / value, 1, 1e-9);
  }
  EXPECT_EQ(to_fixed_multiplier(0).multiplier, 0);
  EXPECT_EQ(to_fixed_multiplier(1e-12).multiplier, 0) << "below a 32-bit accumulator";
}

TEST(FixedPoint, ProductsAreRounded) {
  Random random(2);
  for (int i = 0; i < 1000; ++i) {
    const auto value = static_cast<int32_t>(random.below(1 << 20) - (1 << 19));
    const double factor = std::exp(random.uniform(-9, 1));
    EXPECT_NEAR(multiply(value, to_fixed_multiplier(factor)), value * factor, 1.001);
    EXPECT_NEAR(multiply(int64_t{value}, to_fixed_multiplier(factor)), value * factor,
                0.51 + std::abs(value * factor) / 32768)
        << "a multiplier of 16 bits";
  }
}

TEST(FixedPoint, RescaleMovesThePoint) {
  EXPECT_EQ(rescale<5>(Fixed<3>{8}).raw, 2);
  EXPECT_EQ(rescale<5>(Fixed<3>{10}).raw, 3) << "ties away from zero";
  EXPECT_EQ(rescale<3>(Fixed<5>{-2}).raw, -8);
  EXPECT_EQ(rescale<3>(Fixed<5>{1 << 30}).raw, std::numeric_limits<int32_t>::max()) << "saturates";
}

TEST(FixedPointFunctions, ExponentialOfNegativeNumbers) {
  for (int32_t raw = 0; raw > -(31 << 26); raw -= 1234567) {
    const Fixed<5> x{raw};
    EXPECT_NEAR(real(exp_of_negative(x)), std::exp(real(x)), 2e-6);
  }
}

TEST(FixedPointFunctions, ReciprocalOfOnePlus) {
  for (int64_t raw = 0; raw < INT32_MAX; raw += 12345677) {
    const Fixed<0> x{static_cast<int32_t>(raw)};
    EXPECT_NEAR(real(reciprocal_of_one_plus(x)), 1 / (1 + real(x)), 1e-8);
  }
}

TEST(FixedPointFunctions, Reciprocal) {
  for (int64_t raw = 1 << 19; raw < INT32_MAX; raw += 12345677) {
    const Fixed<12> x{static_cast<int32_t>(raw)};
    const Reciprocal inverse = reciprocal(x);
    EXPECT_NEAR(std::ldexp(real(inverse.mantissa), -inverse.exponent) * real(x), 1, 1e-7);
  }
}

TEST(FixedPointFunctions, Logarithm) {
  for (int64_t raw = 1 << 19; raw < INT32_MAX; raw += 12345677) {
    const Fixed<12> x{static_cast<int32_t>(raw)};
    EXPECT_NEAR(real(log_of_at_least_one(x)), std::log(real(x)), 1e-5);
  }
}

TEST(FixedPointFunctions, InverseSquareRoot) {
  for (const int32_t x : {1, 2, 3, 100, 65025, 1 << 20, (1 << 29) - 1, 1 << 29, INT32_MAX}) {
    const FixedMultiplier inverse = inverse_square_root(x);
    EXPECT_NEAR(std::ldexp(inverse.multiplier, inverse.shift - 31) * std::sqrt(x), 1, 2e-6) << x;
  }
  EXPECT_EQ(inverse_square_root(0).multiplier, inverse_square_root(1).multiplier);
}

}  // namespace
}  // namespace pare
