#include "compress/exchange.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace pare {

Exchange exchange(const Tensor& mask, std::span<const float> magnitudes, std::span<const float> gradients,
                  double share) {
  const auto before = mask.values<float>();
  std::vector<int64_t> present, absent;
  for (int64_t i = 0; i < std::ssize(before); ++i)
    (before[static_cast<size_t>(i)] == 0 ? absent : present).push_back(i);
  const auto count = std::min<int64_t>(std::llround(share * static_cast<double>(present.size())), std::ssize(absent));
  std::ranges::stable_sort(present, std::greater(), [&](int64_t i) { return magnitudes[static_cast<size_t>(i)]; });
  std::ranges::stable_sort(absent, std::greater(), [&](int64_t i) { return gradients[static_cast<size_t>(i)]; });
  absent.resize(static_cast<size_t>(count));
  Exchange done{Tensor(DType::Float32, mask.shape()), std::move(absent)};
  const auto after = done.mask.mutable_values<float>();
  std::ranges::copy(before, after.begin());
  for (int64_t i = 0; i < count; ++i)
    after[static_cast<size_t>(present[present.size() - 1 - static_cast<size_t>(i)])] = 0;
  for (const int64_t place : done.grown) after[static_cast<size_t>(place)] = 1;
  return done;
}

double exchanged_share(double progress) {
  return 0.15 * (1 + std::cos(std::numbers::pi * std::clamp(progress, 0., 1.)));
}

}  // namespace pare
