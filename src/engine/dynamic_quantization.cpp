#include "engine/dynamic_quantization.h"

#include <algorithm>
#include <cmath>

namespace pare {
namespace {

void write_codes(const float* values, int64_t count, const DynamicRange& range, int8_t* codes) {
  const auto zero_point = static_cast<float>(range.zero_point);
  for (int64_t i = 0; i < count; ++i)
    codes[i] = static_cast<int8_t>(std::clamp(std::round(zero_point + values[i] * range.inverse), -128.f, 127.f));
}

}  // namespace

DynamicRange symmetric_range(float largest) {
  return largest == 0 ? DynamicRange{} : DynamicRange{largest / 127.f, 0, 127.f / largest};
}

DynamicRange asymmetric_range(float lowest, float highest) {
  if (lowest == highest) return {};
  const double step = (static_cast<double>(highest) - lowest) / 255;
  // The zero point follows from either end; the end with the smaller rounding error decides.
  const double from_lowest = -128 - lowest / step, from_highest = 127 - highest / step;
  const bool lowest_decides = 128 + std::abs(lowest / step) < 127 + std::abs(highest / step);
  const double zero_point = std::round(std::clamp(lowest_decides ? from_lowest : from_highest, -128., 127.));
  const auto scale = static_cast<float>(step);
  return {scale, static_cast<int32_t>(zero_point), 1.f / scale};
}

DynamicRange quantize_symmetric(const float* values, int64_t count, int8_t* codes) {
  float largest = 0;
  for (int64_t i = 0; i < count; ++i) largest = std::max(largest, std::abs(values[i]));
  const DynamicRange range = symmetric_range(largest);
  write_codes(values, count, range, codes);
  return range;
}

DynamicRange quantize_asymmetric(const float* values, int64_t count, int8_t* codes) {
  float lowest = 0, highest = 0;
  for (int64_t i = 0; i < count; ++i) {
    lowest = std::min(lowest, values[i]);
    highest = std::max(highest, values[i]);
  }
  const DynamicRange range = asymmetric_range(lowest, highest);
  write_codes(values, count, range, codes);
  return range;
}

}  // namespace pare
