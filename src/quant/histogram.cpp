#include "quant/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "base/vectorised.h"

namespace pare {
namespace {

constexpr int kBinsLog2 = 11;
static_assert(1 << kBinsLog2 == Histogram::kBins);
// Below this width every value of interest counts as zero for quantisation; it keeps 1 / width finite.
constexpr int kSmallestExponent = -100;

// Where the counts lie: bins of either sign by magnitude, then the zeros. A network with ReLU makes zeros by the million, and an
// increment waits for the one before it at the same place: so zeros take turns on a few places.
constexpr size_t kPositive = 0, kNegative = Histogram::kBins, kZeros = 2 * Histogram::kBins, kZeroSlots = 8;

void halve(std::span<int64_t> bins, int times) {
  const int shift = std::min(times, kBinsLog2);
  for (size_t i = 0; i < bins.size(); ++i) {
    const int64_t count = std::exchange(bins[i], 0);
    bins[i >> shift] += count;
  }
}

}  // namespace

double Histogram::width() const { return std::ldexp(1.0, exponent_); }

void Histogram::widen(int exponent) {
  if (counts_.empty()) {
    counts_.assign(kZeros + kZeroSlots, 0);
    exponent_ = exponent;
  }
  if (exponent <= exponent_) return;
  for (const size_t side : {kPositive, kNegative}) halve(std::span(counts_).subspan(side, kBins), exponent - exponent_);
  exponent_ = exponent;
}

namespace {

// Elements whose places are computed together, so that the compiler vectorises it.
constexpr size_t kBlock = 64;

PARE_VECTORISED void find_slots(const float* values, float per_bin, int32_t* slots) {
#pragma omp simd
  for (uint32_t i = 0; i < kBlock; ++i) {  // on bits: comparisons of floats would keep the compiler from vectorising
    const auto bits = std::bit_cast<int32_t>(values[i]);
    const int32_t magnitude = bits & 0x7FFFFFFF;
    const auto bin = static_cast<int32_t>(std::bit_cast<float>(magnitude) * per_bin);
    const int32_t side = bits < 0 ? int32_t{kNegative} : int32_t{kPositive};
    const auto zero = static_cast<int32_t>(kZeros + i % kZeroSlots);
    slots[i] = magnitude == 0 ? zero : side + bin;
  }
}

}  // namespace

void Histogram::add(std::span<const float> values, float largest_magnitude, size_t stride) {
  int exponent = kSmallestExponent + kBinsLog2;
  if (largest_magnitude > 0) std::frexp(largest_magnitude, &exponent);  // magnitude < 2^exponent
  widen(std::max(exponent - kBinsLog2, kSmallestExponent));
  const auto per_bin = static_cast<float>(std::ldexp(1.0, -exponent_));
  const size_t taken = (values.size() + stride - 1) / stride;
  float block[kBlock] = {};
  int32_t slots[kBlock];
  for (size_t first = 0; first < taken; first += kBlock) {
    const size_t here = std::min(kBlock, taken - first);
    for (size_t i = 0; i < here; ++i) block[i] = values[(first + i) * stride];
    find_slots(block, per_bin, slots);
    for (size_t i = 0; i < here; ++i) ++counts_[static_cast<size_t>(slots[i])];
  }
  count_ += static_cast<int64_t>(taken);
}

void Histogram::merge(const Histogram& other) {
  if (other.counts_.empty()) return;
  widen(other.exponent_);
  const int shift = std::min(exponent_ - other.exponent_, kBinsLog2);
  for (const size_t side : {kPositive, kNegative})
    for (size_t i = 0; i < kBins; ++i) counts_[side + (i >> shift)] += other.counts_[side + i];
  counts_[kZeros] += other.zeros();
  count_ += other.count_;
}

int64_t Histogram::zeros() const {
  return counts_.empty() ? 0 : std::accumulate(counts_.begin() + kZeros, counts_.end(), int64_t{0});
}

std::vector<int64_t> Histogram::bins() const {
  if (counts_.empty()) return std::vector<int64_t>(2 * kBins, 0);
  std::vector<int64_t> all(counts_.begin() + kNegative, counts_.begin() + kNegative + kBins);
  std::reverse(all.begin(), all.end());
  all.insert(all.end(), counts_.begin() + kPositive, counts_.begin() + kPositive + kBins);
  return all;
}

}  // namespace pare
