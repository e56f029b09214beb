#include "engine/fixed_point.h"

#include <cmath>

#include "base/check.h"

namespace pare {

FixedMultiplier to_fixed_multiplier(double real) {
  if (real == 0) return {};
  int shift = 0;
  const double fraction = std::frexp(real, &shift);
  auto multiplier = static_cast<int64_t>(std::round(fraction * static_cast<double>(int64_t{1} << 31)));
  if (multiplier == (int64_t{1} << 31)) {
    multiplier /= 2;
    ++shift;
  }
  if (shift < -31) return {};  // below anything that a 32-bit accumulator can show
  return {static_cast<int32_t>(multiplier), shift};
}

int32_t multiply(int64_t value, FixedMultiplier by) {
  PARE_CHECK(by.shift >= -31 && by.shift < 8, "shift {}", by.shift);
  const int32_t reduced = by.multiplier < 0x7FFF0000 ? (by.multiplier + (1 << 15)) >> 16 : 0x7FFF;
  const int total_shift = 15 - by.shift;
  const int64_t rounding = int64_t{1} << (total_shift - 1);
  return static_cast<int32_t>((value * reduced + rounding) >> total_shift);
}

}  // namespace pare
