#include "quant/range_estimate.h"

#include <algorithm>
#include <cmath>

namespace pare {
namespace {

Range with_zero(Range range) { return range.united({0, 0}); }

Range percentile_range(const Statistics& statistics, double percentile) {
  const Histogram& histogram = statistics.histogram;
  const std::vector<int64_t> bins = histogram.bins();
  const double outside = static_cast<double>(histogram.count()) * (100 - percentile) / 200;
  const auto edge = [&](auto first, auto last) {  // bins wholly outside
    double passed = 0;
    int64_t skipped = 0;
    for (; first != last && passed + static_cast<double>(*first) <= outside; ++first, ++skipped)
      passed += static_cast<double>(*first);
    return skipped;
  };
  const double low =
      histogram.width() * static_cast<double>(edge(bins.begin(), bins.begin() + Histogram::kBins) - Histogram::kBins);
  const double high =
      histogram.width() * static_cast<double>(Histogram::kBins - edge(bins.rbegin(), bins.rbegin() + Histogram::kBins));
  return {std::max(statistics.range.lowest, static_cast<float>(low)),
          std::min(statistics.range.highest, static_cast<float>(high))};
}

// Expected squared error of quantising over [low, high]: step^2 / 12 for what lies inside (exact zeros cost nothing, they are on
// the grid), the squared distance for what is clipped. Prefix moments make one evaluation a matter of two look-ups.
class ClippingCost {
 public:
  ClippingCost(const Histogram& histogram, int64_t levels)
      : width_(histogram.width()), levels_(static_cast<double>(levels)) {
    const std::vector<int64_t> bins = histogram.bins();
    moments_.resize(bins.size() + 1);
    for (size_t i = 0; i < bins.size(); ++i) {
      const double centre = centre_of(i), count = static_cast<double>(bins[i]);
      moments_[i + 1] = {moments_[i].count + count, moments_[i].sum + count * centre,
                         moments_[i].squares + count * centre * centre};
    }
  }

  double operator()(double low, double high) const {
    const size_t first = bin_of(low), last = bin_of(high);
    const Moments below = moments_[first], above = moments_.back() - moments_[last];
    const double inside = moments_[last].count - below.count;
    const double step = (high - low) / (levels_ - 1);
    return inside * step * step / 12 + below.distance(low) + above.distance(high);
  }

 private:
  struct Moments {
    double count = 0, sum = 0, squares = 0;
    Moments operator-(const Moments& other) const {
      return {count - other.count, sum - other.sum, squares - other.squares};
    }
    double distance(double to) const { return std::max(0.0, squares - 2 * to * sum + to * to * count); }
  };
  double centre_of(size_t bin) const { return width_ * (static_cast<double>(bin) - Histogram::kBins + 0.5); }
  size_t bin_of(double value) const {
    return static_cast<size_t>(
        std::clamp(std::round(value / width_) + Histogram::kBins, 0.0, static_cast<double>(moments_.size() - 1)));
  }

  double width_, levels_;
  std::vector<Moments> moments_;
};

// Shrinks one end at a time over a grid of ratios until neither moves.
Range mse_range(const Statistics& statistics, int64_t levels) {
  const Range full = with_zero(statistics.range);
  const ClippingCost cost(statistics.histogram, levels);
  constexpr int kRatios = 100, kRounds = 10;
  double low = full.lowest, high = full.highest, best = cost(low, high);
  for (int round = 0; round < kRounds; ++round) {
    const double before = best;
    const auto search = [&](double extreme, double& end) {
      for (int ratio = 1; ratio <= kRatios; ++ratio) {
        const double kept = end, candidate = extreme * ratio / kRatios;
        end = candidate;
        if (const double error = cost(low, high); error < best)
          best = error;
        else
          end = kept;
      }
    };
    search(full.highest, high);
    search(full.lowest, low);
    if (best == before) break;
  }
  return {static_cast<float>(low), static_cast<float>(high)};
}

}  // namespace

Range estimate_range(const Statistics& statistics, const RangeOptions& options) {
  switch (options.method) {
    case RangeMethod::MinMax: return with_zero(statistics.range);
    case RangeMethod::Percentile: return with_zero(percentile_range(statistics, options.percentile));
    case RangeMethod::Mse: return mse_range(statistics, options.levels);
  }
  return with_zero(statistics.range);
}

}  // namespace pare
