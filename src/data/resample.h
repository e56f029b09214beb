// Sounds at another number of samples a second.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace pare {

// Band-limited interpolation: the signal is taken as 0 outside and convolved with a sinc under a Hann window of 32 zero crossings on
// each side. What lies above half the lower of the two rates is removed. ceil(size * to / from) values; the first stays in its place.
std::vector<float> resample(std::span<const float> signal, int64_t from, int64_t to);

}  // namespace pare
