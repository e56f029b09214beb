// How sure a measured accuracy is, and a difference of two.
#pragma once

#include <cstdint>
#include <span>

namespace pare {

struct Interval {
  double low = 0, high = 0;
};

// 95 % interval of a proportion: `hits` of `count`. {0, 1} for no samples.
// Source: Wilson, "Probable inference, the law of succession, and statistical inference" (1927).
Interval wilson_interval(int64_t hits, int64_t count);

// Two models judged on the same samples.
struct PairedComparison {
  int64_t both_right = 0, only_first = 0, only_second = 0, both_wrong = 0;
  double difference = 0;  // accuracy of the second less that of the first
  Interval interval;      // of the difference, 95 %
  double p_value = 1;     // that two equally good models differ this much or more on these samples
  bool significant() const { return p_value < 0.05; }
};

// `first` and `second` say of each sample whether the model was right (not 0). They are equally long.
// Interval: Agresti and Min, "Simple improved confidence intervals for comparing matched proportions" (2005): half a sample more in
// each of the four cells. Test: McNemar (1947) in its exact, binomial form, two-sided.
PairedComparison compare_paired(std::span<const uint8_t> first, std::span<const uint8_t> second);

}  // namespace pare
