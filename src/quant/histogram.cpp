#include "quant/histogram.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace pare {
namespace {

constexpr int kBinsLog2 = 11;
static_assert(1 << kBinsLog2 == Histogram::kBins);
// Below this width every value of interest counts as zero for quantisation; it keeps 1 / width finite.
constexpr int kSmallestExponent = -100;

void halve(std::vector<int64_t>& bins, int times) {
  if (bins.empty() || times == 0) return;
  const int shift = std::min(times, kBinsLog2);
  std::vector<int64_t> merged(bins.size(), 0);
  for (size_t i = 0; i < bins.size(); ++i) merged[i >> shift] += bins[i];
  bins = std::move(merged);
}

}  // namespace

double Histogram::width() const { return std::ldexp(1.0, exponent_); }

void Histogram::widen(int exponent) {
  if (positive_.empty()) {
    positive_.assign(kBins, 0);
    negative_.assign(kBins, 0);
    exponent_ = exponent;
  }
  if (exponent <= exponent_) return;
  halve(positive_, exponent - exponent_);
  halve(negative_, exponent - exponent_);
  exponent_ = exponent;
}

void Histogram::add(std::span<const float> values, float largest_magnitude, size_t stride) {
  int exponent = kSmallestExponent + kBinsLog2;
  if (largest_magnitude > 0) std::frexp(largest_magnitude, &exponent);  // magnitude < 2^exponent
  widen(std::max(exponent - kBinsLog2, kSmallestExponent));
  const auto per_bin = static_cast<float>(std::ldexp(1.0, -exponent_));
  int64_t zeros = 0;
  for (size_t i = 0; i < values.size(); i += stride) {
    const float value = values[i];
    zeros += value == 0 ? 1 : 0;
    const auto bin = static_cast<size_t>(static_cast<int32_t>(std::fabs(value) * per_bin));
    ++(value < 0 ? negative_ : positive_)[bin];
  }
  positive_[0] -= zeros;
  zeros_ += zeros;
  count_ += static_cast<int64_t>((values.size() + stride - 1) / stride);
}

void Histogram::merge(const Histogram& other) {
  if (other.positive_.empty()) return;
  widen(other.exponent_);
  const int shift = std::min(exponent_ - other.exponent_, kBinsLog2);
  for (size_t i = 0; i < kBins; ++i) {
    positive_[i >> shift] += other.positive_[i];
    negative_[i >> shift] += other.negative_[i];
  }
  zeros_ += other.zeros_;
  count_ += other.count_;
}

std::vector<int64_t> Histogram::bins() const {
  std::vector<int64_t> all;
  all.reserve(2 * kBins);
  if (positive_.empty()) return std::vector<int64_t>(2 * kBins, 0);
  all.assign(negative_.rbegin(), negative_.rend());
  all.insert(all.end(), positive_.begin(), positive_.end());
  return all;
}

}  // namespace pare
