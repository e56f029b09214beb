// What calibration keeps of one value: bounded, mergeable, independent of order.
#pragma once

#include <map>
#include <string>

#include "base/error.h"
#include "quant/affine.h"
#include "quant/histogram.h"

namespace pare {

struct Statistics {
  Range range;                       // of all elements
  Histogram histogram;               // of a fixed subset of each sample's elements
  int64_t elements = 0;              // seen in all
  std::vector<double> channel_sums;  // sums along the last dimension; only where asked for

  // Takes the elements of `samples` samples that lie one after the other; `channels` is the innermost extent. With `sums` the
  // channels are summed as well. Returns the position of an element that is NaN or infinite, or -1 when all are finite.
  int64_t add(std::span<const float> values, int64_t samples, int64_t channels, bool sums);
  void merge(const Statistics& other);

  // Mean of each channel; empty where the sums were not asked for.
  std::vector<float> channel_means() const;
};

// By the name of the value.
using StatisticsMap = std::map<std::string, Statistics>;

}  // namespace pare
