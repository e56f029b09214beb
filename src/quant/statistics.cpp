#include "quant/statistics.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "base/vectorised.h"

namespace pare {
namespace {

// Elements of one sample that the histogram sees. Larger tensors are read at a stride: thousands of values a sample already fix
// the shape of the distribution, and the exact extremes come from all of them.
constexpr size_t kHistogramElements = 4096;

// Floats as integers of the same order; NaN lies beyond the infinities.
constexpr int32_t ordered(int32_t bits) { return bits ^ ((bits >> 31) & 0x7FFFFFFF); }
constexpr int32_t kInfinity = 0x7F800000;

struct OrderedRange {
  int32_t lowest, highest;
};

// Integer comparisons vectorise without leave to reorder floating-point operations.
PARE_VECTORISED OrderedRange ordered_range(const float* values, size_t count) {
  int32_t lowest = std::numeric_limits<int32_t>::max(), highest = std::numeric_limits<int32_t>::min();
#pragma omp simd reduction(min : lowest) reduction(max : highest)
  for (size_t i = 0; i < count; ++i) {
    const int32_t at = ordered(std::bit_cast<int32_t>(values[i]));
    lowest = at < lowest ? at : lowest;
    highest = at > highest ? at : highest;
  }
  return {lowest, highest};
}

int64_t first_not_finite(std::span<const float> values) {
  const auto found = std::find_if(values.begin(), values.end(), [](float v) { return !std::isfinite(v); });
  return found - values.begin();
}

// A step that leaves about kHistogramElements and, being coprime to the channels, visits them all alike.
size_t histogram_stride(size_t per_sample, size_t channels) {
  size_t stride = std::max<size_t>(1, per_sample / kHistogramElements);
  while (stride > 1 && std::gcd(stride, channels) != 1) ++stride;
  return stride;
}

// sums[c] += the values of channel c of each row.
PARE_VECTORISED void add_rows(const float* values, size_t rows, size_t channels, float* sums) {
  for (size_t row = 0; row < rows; ++row)
    for (size_t c = 0; c < channels; ++c) sums[c] += values[row * channels + c];
}

void add_channel_sums(std::span<const float> values, std::vector<double>& sums) {
  const size_t channels = sums.size(), rows = values.size() / channels;
  std::vector<float> partial(channels);
  constexpr size_t kRows = 256;  // few enough that float sums stay exact to a relative 1e-5
  for (size_t first = 0; first < rows; first += kRows) {
    std::fill(partial.begin(), partial.end(), 0.f);
    add_rows(values.data() + first * channels, std::min(kRows, rows - first), channels, partial.data());
    for (size_t c = 0; c < channels; ++c) sums[c] += partial[c];
  }
}

}  // namespace

int64_t Statistics::add(std::span<const float> values, int64_t samples, int64_t channels, bool sums) {
  if (values.empty()) return -1;
  const OrderedRange seen = ordered_range(values.data(), values.size());
  if (seen.highest >= kInfinity || seen.lowest <= ordered(static_cast<int32_t>(0xFF800000u)))
    return first_not_finite(values);
  const Range batch{std::bit_cast<float>(ordered(seen.lowest)), std::bit_cast<float>(ordered(seen.highest))};
  range = elements == 0 ? batch : range.united(batch);
  elements += static_cast<int64_t>(values.size());
  const size_t per_sample = values.size() / static_cast<size_t>(samples);
  const size_t stride = histogram_stride(per_sample, static_cast<size_t>(channels));
  const float magnitude = std::max(std::fabs(batch.lowest), std::fabs(batch.highest));
  for (size_t first = 0; first + per_sample <= values.size(); first += per_sample)
    histogram.add(values.subspan(first, per_sample), magnitude, stride);
  if (sums) {
    channel_sums.resize(static_cast<size_t>(channels), 0.0);
    add_channel_sums(values, channel_sums);
  }
  return -1;
}

void Statistics::merge(const Statistics& other) {
  if (other.elements == 0) return;
  range = elements == 0 ? other.range : range.united(other.range);
  elements += other.elements;
  histogram.merge(other.histogram);
  if (channel_sums.empty()) channel_sums.resize(other.channel_sums.size(), 0.0);
  for (size_t c = 0; c < other.channel_sums.size(); ++c) channel_sums[c] += other.channel_sums[c];
}

std::vector<float> Statistics::channel_means() const {
  std::vector<float> means;
  const double rows = static_cast<double>(elements) / static_cast<double>(std::max<size_t>(1, channel_sums.size()));
  for (const double sum : channel_sums) means.push_back(static_cast<float>(sum / rows));
  return means;
}

}  // namespace pare
