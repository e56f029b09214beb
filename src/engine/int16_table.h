// A function of 16-bit numbers as a table of 513 points with linear interpolation, as in TFLite's 16-bit kernels.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace pare {

class Int16Table {
 public:
  // The table of stored -> stored for real -> function(real), with the given scales and zero points. `Real` is the precision that
  // TFLite computes the table in (float or double). Each point is moved by half the error that interpolation makes between it and the next one.
  template <class Real, class Function>
  static Int16Table of(Real src_scale, int32_t src_zero, Real dst_scale, int32_t dst_zero, Function function) {
    constexpr Real kLowest = -32768, kHighest = 32767;
    const Real src_lowest = src_scale * static_cast<Real>(-32768 - src_zero),
               src_highest = src_scale * static_cast<Real>(32767 - src_zero);
    const Real dst_lowest = dst_scale * static_cast<Real>(-32768 - dst_zero),
               dst_highest = dst_scale * static_cast<Real>(32767 - dst_zero);
    const Real step = (src_highest - src_lowest) / kSteps, half_step = step / 2;
    const Real factor = static_cast<Real>(65536) / (dst_highest - dst_lowest);
    Int16Table table;
    for (int i = 0; i < kSteps; ++i) {
      const Real at = src_lowest + static_cast<Real>(i) * step;
      const Real value = std::round(function(at) * factor);
      const Real next = function(src_lowest + static_cast<Real>(i + 1) * step) * factor;
      const Real error = std::round((next + value) / 2) - std::round(function(at + half_step) * factor);
      table.points_[static_cast<size_t>(i)] =
          static_cast<int16_t>(std::min(std::max(value - std::round(error / 2), kLowest), kHighest));
    }
    table.points_[kSteps] =
        static_cast<int16_t>(std::min(std::max(std::round(function(src_highest) * factor), kLowest), kHighest));
    return table;
  }

  int16_t operator()(int16_t stored) const {
    const auto index = static_cast<size_t>(256 + (stored >> 7));
    const int offset = stored & 0x7F;
    const auto slope = static_cast<int16_t>(points_[index + 1] - points_[index]);
    return static_cast<int16_t>(points_[index] + ((slope * offset + 64) >> 7));
  }

 private:
  static constexpr int kSteps = 512;
  std::array<int16_t, kSteps + 1> points_;
};

}  // namespace pare
