// Sounds: decoding WAV and FLAC. libsndfile stands behind this file alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/error.h"
#include "base/tensor.h"

namespace pare {

// Values of the longest sound that is decoded or resampled to; a few bytes can claim more than any memory holds.
inline constexpr int64_t kLongestSound = int64_t{1} << 27;

// f32 [samples] from -1 to 1 at `rate` samples a second, the mean of the channels. Fails for files that are neither WAV nor FLAC,
// end too early or hold no sound.
Expected<Tensor> decode_sound(std::span<const std::byte> bytes, int64_t rate);

}  // namespace pare
