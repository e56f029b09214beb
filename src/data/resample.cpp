#include "data/resample.h"

#include <cmath>
#include <numbers>
#include <numeric>
#include <unordered_map>

#include "base/check.h"

namespace pare {
namespace {

constexpr double kCrossings = 32;  // of the sinc on each side
constexpr double kPassed = 0.945;  // of the band, so that the slope of the filter ends where mirrored frequencies begin

// The weights of the inputs around an output that lies `fraction` of a step after one of them; they add up to 1.
struct Filter {
  int64_t reach;  // inputs on each side
  double cutoff;  // as a share of the input's band

  std::vector<float> weights(double fraction) const {
    std::vector<double> exact;
    for (int64_t k = -reach; k <= reach + 1; ++k) {
      const double distance = static_cast<double>(k) - fraction, x = distance * cutoff;
      const double sinc = x == 0 ? 1 : std::sin(std::numbers::pi * x) / (std::numbers::pi * x);
      const double window = std::abs(x) < kCrossings ? 0.5 + 0.5 * std::cos(std::numbers::pi * x / kCrossings) : 0;
      exact.push_back(sinc * window);
    }
    const double sum = std::accumulate(exact.begin(), exact.end(), 0.0);
    std::vector<float> out;
    for (const double weight : exact) out.push_back(static_cast<float>(weight / sum));
    return out;
  }
};

}  // namespace

std::vector<float> resample(std::span<const float> signal, int64_t from, int64_t to) {
  PARE_CHECK(from > 0 && to > 0);
  const int64_t common = std::gcd(from, to), up = to / common, down = from / common;
  const double cutoff = kPassed * std::min(1.0, static_cast<double>(to) / static_cast<double>(from));
  const Filter filter{static_cast<int64_t>(std::ceil(kCrossings / cutoff)), cutoff};
  const auto size = static_cast<int64_t>(signal.size()), length = (size * up + down - 1) / down;
  std::unordered_map<int64_t, std::vector<float>> phases;  // by the numerator of the fraction; as many as are met
  std::vector<float> out(static_cast<size_t>(length));
  for (int64_t n = 0; n < length; ++n) {
    const int64_t before = n * down / up, phase = n * down % up;
    std::vector<float>& weights = phases[phase];
    if (weights.empty()) weights = filter.weights(static_cast<double>(phase) / static_cast<double>(up));
    const int64_t first = std::max<int64_t>(before - filter.reach, 0);
    const int64_t last = std::min<int64_t>(before + filter.reach + 1, size - 1);
    float sum = 0;
    for (int64_t m = first; m <= last; ++m)
      sum += signal[static_cast<size_t>(m)] * weights[static_cast<size_t>(m - before + filter.reach)];
    out[static_cast<size_t>(n)] = sum;
  }
  return out;
}

}  // namespace pare
