#include "engine/dynamic_quantization.h"

#include <algorithm>
#include <cmath>

namespace pare {

DynamicRange quantize_symmetric(const float* values, int64_t count, int8_t* codes) {
  float largest = 0;
  for (int64_t i = 0; i < count; ++i) largest = std::max(largest, std::abs(values[i]));
  if (largest == 0) {
    std::fill_n(codes, count, int8_t{0});
    return {};
  }
  const float inverse = 127.f / largest;
  for (int64_t i = 0; i < count; ++i)
    codes[i] = static_cast<int8_t>(std::clamp(std::round(values[i] * inverse), -127.f, 127.f));
  return {largest / 127.f, 0};
}

DynamicRange quantize_asymmetric(const float* values, int64_t count, int8_t* codes) {
  double lowest = 0, highest = 0;
  for (int64_t i = 0; i < count; ++i) {
    lowest = std::min(lowest, static_cast<double>(values[i]));
    highest = std::max(highest, static_cast<double>(values[i]));
  }
  if (lowest == highest) {
    std::fill_n(codes, count, int8_t{0});
    return {};
  }
  const double step = (highest - lowest) / 255;
  // The zero point follows from either end; the end with the smaller rounding error decides.
  const double from_lowest = -128 - lowest / step, from_highest = 127 - highest / step;
  const bool lowest_decides = 128 + std::abs(lowest / step) < 127 + std::abs(highest / step);
  const auto zero_point =
      static_cast<int32_t>(std::round(std::clamp(lowest_decides ? from_lowest : from_highest, -128., 127.)));
  const auto scale = static_cast<float>(step);
  const float inverse = 1.f / scale;
  for (int64_t i = 0; i < count; ++i)
    codes[i] = static_cast<int8_t>(
        std::clamp(std::round(static_cast<float>(zero_point) + values[i] * inverse), -128.f, 127.f));
  return {scale, zero_point};
}

}  // namespace pare
