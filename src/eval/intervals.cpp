#include "eval/intervals.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace pare {
namespace {

constexpr double kZ = 1.959963984540054;  // 97.5 % of the normal distribution lie below

// Two-sided probability of a split as uneven as lost : won among tosses of a fair coin.
double binomial_test(int64_t lost, int64_t won) {
  const int64_t tosses = lost + won, fewer = std::min(lost, won);
  if (tosses == 0) return 1;
  const auto log_factorial = [](int64_t n) { return std::lgamma(static_cast<double>(n) + 1); };
  double tail = 0;
  for (int64_t k = 0; k <= fewer; ++k)
    tail += std::exp(log_factorial(tosses) - log_factorial(k) - log_factorial(tosses - k) -
                     static_cast<double>(tosses) * std::log(2.0));
  return std::min(1.0, 2 * tail);
}

}  // namespace

Interval wilson_interval(int64_t hits, int64_t count) {
  if (count == 0) return {0, 1};
  const auto n = static_cast<double>(count);
  const double share = static_cast<double>(hits) / n;
  const double centre = (share + kZ * kZ / (2 * n)) / (1 + kZ * kZ / n);
  const double half = kZ / (1 + kZ * kZ / n) * std::sqrt(share * (1 - share) / n + kZ * kZ / (4 * n * n));
  return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

PairedComparison compare_paired(std::span<const uint8_t> first, std::span<const uint8_t> second) {
  PARE_CHECK(first.size() == second.size(), "{} and {} samples", first.size(), second.size());
  PairedComparison result;
  for (size_t i = 0; i < first.size(); ++i) {
    if (first[i] != 0 && second[i] != 0)
      ++result.both_right;
    else if (first[i] != 0)
      ++result.only_first;
    else if (second[i] != 0)
      ++result.only_second;
    else
      ++result.both_wrong;
  }
  if (first.empty()) return result;
  result.difference = static_cast<double>(result.only_second - result.only_first) / static_cast<double>(first.size());
  const double n = static_cast<double>(first.size()) + 2, won = static_cast<double>(result.only_second) + 0.5,
               lost = static_cast<double>(result.only_first) + 0.5;
  const double centre = (won - lost) / n;
  const double half = kZ / n * std::sqrt(won + lost - (won - lost) * (won - lost) / n);
  result.interval = {std::max(-1.0, centre - half), std::min(1.0, centre + half)};
  result.p_value = binomial_test(result.only_first, result.only_second);
  return result;
}

}  // namespace pare
