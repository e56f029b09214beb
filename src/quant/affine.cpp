#include "quant/affine.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "quant/channels.h"

namespace pare {
namespace {

// Ranges narrower than this give scales that 32-bit multipliers cannot show.
constexpr float kNarrowestRange = 1e-6f;
constexpr float kLargestHalf = 65504.f;

// Scale and zero point of a channel.
struct Parameters {
  double scale;
  int64_t zero_point;
};
Parameters parameters_of(const Quantization& quantization, size_t channel) {
  const size_t c = quantization.scales.size() == 1 ? 0 : channel;
  return {quantization.scales[c], quantization.zero_points[c]};
}

template <class T>
void quantize_as(std::span<const float> values, const Shape& shape, const Quantization& quantization,
                 IntegerRange range, Tensor& out) {
  const auto stored = out.mutable_values<T>();
  const auto low = static_cast<double>(range.lowest), high = static_cast<double>(range.highest);
  for_each_run(shape, quantization.axis, [&](size_t channel, size_t first, size_t count) {
    const auto [scale, zero_point] = parameters_of(quantization, channel);
    const auto offset = static_cast<double>(zero_point);
    for (size_t i = first; i < first + count; ++i) {
      const double real = values[i] / scale;
      // Truncating after adding a half rounds to nearest, ties away from zero: a quotient of floats is never within an ulp of a tie.
      const double code = std::trunc(real + (real < 0 ? -0.5 : 0.5)) + offset;
      // The largest int64 is no double: the comparison decides, not the conversion.
      stored[i] = code <= low    ? static_cast<T>(range.lowest)
                  : code >= high ? static_cast<T>(range.highest)
                                 : static_cast<T>(code);
    }
  });
}

template <class T>
void dequantize_as(const Tensor& stored, const Quantization& quantization, std::span<float> out) {
  const auto codes = stored.values<T>();
  for_each_run(stored.shape(), quantization.axis, [&](size_t channel, size_t first, size_t count) {
    const auto [scale, zero_point] = parameters_of(quantization, channel);
    for (size_t i = first; i < first + count; ++i)
      out[i] = static_cast<float>(scale * static_cast<double>(static_cast<int64_t>(codes[i]) - zero_point));
  });
}

// The squared error of rounding with this scale, clipping included.
double rounding_error(std::span<const float> values, float scale, float highest_code) {
  const float inverse = 1 / scale;
  float error = 0;
  for (const float value : values) {
    const float code = std::nearbyint(std::min(std::max(value * inverse, -highest_code), highest_code));
    error += (value - code * scale) * (value - code * scale);
  }
  return error;
}

// The share of `scale` that rounds the values with the least error.
float least_error_scale(std::span<const float> values, float scale, float highest_code) {
  constexpr int kRatios = 100, kSmallest = 20;
  float best = scale;
  double least = rounding_error(values, scale, highest_code);
  for (int ratio = kSmallest; ratio < kRatios; ++ratio) {
    const float candidate = scale * static_cast<float>(ratio) / kRatios;
    if (const double error = rounding_error(values, candidate, highest_code); error < least) {
      least = error;
      best = candidate;
    }
  }
  return best;
}

// Scales of slices along `axis`, or the one of all, become those of least error.
void lessen_error(const Tensor& weights, int axis, int bits, std::vector<float>& scales) {
  const auto values = weights.values<float>();
  const auto highest = static_cast<float>(weight_codes(bits).highest);
  if (scales.size() == 1) {
    scales[0] = least_error_scale(values, scales[0], highest);
    return;
  }
  std::vector<std::vector<float>> slices(scales.size());
  for_each_run(weights.shape(), axis, [&](size_t channel, size_t first, size_t count) {
    slices[channel].insert(slices[channel].end(), values.begin() + static_cast<std::ptrdiff_t>(first),
                           values.begin() + static_cast<std::ptrdiff_t>(first + count));
  });
  for (size_t c = 0; c < scales.size(); ++c) scales[c] = least_error_scale(slices[c], scales[c], highest);
}

}  // namespace

Range finite_range(std::span<const float> values) {
  Range range{std::numeric_limits<float>::max(), std::numeric_limits<float>::lowest()};
  for (const float value : values) {
    if (!std::isfinite(value)) continue;
    range = range.united({value, value});
  }
  return range.lowest > range.highest ? Range{} : range;
}

IntegerRange activation_codes(DType storage, int bits) {
  const int64_t lowest = integer_range(storage).lowest;
  return {lowest, lowest + (int64_t{1} << bits) - 1};
}

IntegerRange weight_codes(int bits) {
  const int64_t highest = (int64_t{1} << (bits - 1)) - 1;
  return {-highest, highest};
}

Quantization activation_parameters(Range range, DType storage, int bits) {
  double low = std::min(range.lowest, 0.f), high = std::max(range.highest, 0.f);
  if (high - low < kNarrowestRange) {
    low = std::min<double>(low, -kNarrowestRange);
    high = std::max<double>(high, kNarrowestRange);
  }
  if (storage == DType::Int16) return Quantization::per_tensor(static_cast<float>(std::max(-low, high) / 32767));
  const IntegerRange codes = activation_codes(storage, bits);
  const double scale = (high - low) / static_cast<double>(codes.highest - codes.lowest);
  const auto zero_point = static_cast<int64_t>(std::round(static_cast<double>(codes.lowest) - low / scale));
  return Quantization::per_tensor(static_cast<float>(scale), std::clamp(zero_point, codes.lowest, codes.highest));
}

float weight_scale(float largest_magnitude, int bits) {
  return std::max(largest_magnitude, kNarrowestRange) / static_cast<float>(weight_codes(bits).highest);
}

float rounded_scale(float scale, int bits) {
  int exponent = 0;
  const float mantissa = std::frexp(scale, &exponent);  // 0.5 to 1
  return std::ldexp(std::nearbyint(std::ldexp(mantissa, bits)), exponent - bits);
}

std::vector<float> channel_magnitudes(const Tensor& weights, int axis) {
  std::vector<float> largest(static_cast<size_t>(weights.shape()[axis]), 0.f);
  const auto values = weights.values<float>();
  for_each_run(weights.shape(), axis, [&](size_t channel, size_t first, size_t count) {
    for (size_t i = first; i < first + count; ++i) largest[channel] = std::max(largest[channel], std::fabs(values[i]));
  });
  return largest;
}

Quantization weight_parameters(const Tensor& weights, int axis, bool per_tensor, int bits) {
  std::vector<float> scales = channel_magnitudes(weights, axis);
  if (per_tensor) scales = {scales.empty() ? 0.f : *std::max_element(scales.begin(), scales.end())};
  for (float& scale : scales) scale = weight_scale(scale, bits);
  if (bits < 8) lessen_error(weights, axis, bits, scales);
  if (per_tensor) return Quantization::per_tensor(scales[0]);
  return Quantization::per_axis(std::move(scales), axis);
}

Tensor quantize_tensor(const Tensor& values, const Quantization& quantization, DType storage, IntegerRange range) {
  if (storage == DType::Int4) {
    const Tensor codes = quantize_tensor(values, quantization, DType::Int8, range);
    return Tensor(DType::Int4, values.shape(), pack_int4(codes.values<int8_t>()));
  }
  Tensor out(storage, values.shape());
  const auto reals = values.values<float>();
  switch (storage) {
    case DType::Int8: quantize_as<int8_t>(reals, values.shape(), quantization, range, out); break;
    case DType::UInt8: quantize_as<uint8_t>(reals, values.shape(), quantization, range, out); break;
    case DType::Int16: quantize_as<int16_t>(reals, values.shape(), quantization, range, out); break;
    case DType::Int32: quantize_as<int32_t>(reals, values.shape(), quantization, range, out); break;
    case DType::Int64: quantize_as<int64_t>(reals, values.shape(), quantization, range, out); break;
    default: PARE_CHECK(false, "{} is no storage type of quantised values", to_string(storage));
  }
  return out;
}

Tensor dequantize_tensor(const Tensor& stored, const Quantization& quantization) {
  Tensor out(DType::Float32, stored.shape());
  const auto reals = out.mutable_values<float>();
  switch (stored.dtype()) {
    case DType::Int8: dequantize_as<int8_t>(stored, quantization, reals); break;
    case DType::UInt8: dequantize_as<uint8_t>(stored, quantization, reals); break;
    case DType::Int16: dequantize_as<int16_t>(stored, quantization, reals); break;
    case DType::Int32: dequantize_as<int32_t>(stored, quantization, reals); break;
    case DType::Int64: dequantize_as<int64_t>(stored, quantization, reals); break;
    default: PARE_CHECK(false, "{} is no storage type of quantised values", to_string(stored.dtype()));
  }
  return out;
}

Tensor to_float16(const Tensor& values) {
  Tensor out(DType::Float16, values.shape());
  const auto reals = values.values<float>();
  const auto halves = out.mutable_values<Half>();
  for (size_t i = 0; i < reals.size(); ++i)
    halves[i] = to_half(std::isfinite(reals[i]) ? std::clamp(reals[i], -kLargestHalf, kLargestHalf) : reals[i]);
  return out;
}

}  // namespace pare
