// From a waveform to what networks for sound see: the formulas of TensorFlow's tf.signal.
#pragma once

#include <array>
#include <cstdint>

#include "base/error.h"
#include "base/tensor.h"
#include "ir/attributes.h"

namespace pare {

enum class SoundFeatures {
  Waveform,  // [samples]
  LogMel,    // [frames, mels]
  Mfcc,      // [frames, coefficients]
};
template <>
struct EnumNames<SoundFeatures> {
  static constexpr std::array<std::string_view, 3> names{"waveform", "log_mel", "mfcc"};
};

// The table [sound] of a description.
struct SoundSteps {
  int64_t rate = 16'000;  // samples a second; files of another rate are resampled
  float seconds = 0;      // cut, or filled with zeros, at the end; 0: as long as it is
  SoundFeatures features = SoundFeatures::Waveform;
  float window_ms = 30, hop_ms = 20;     // length of a frame and distance from one to the next
  int64_t fft = 0;                       // values that a frame is filled up to; 0: the next power of two
  int64_t mels = 40;                     // bands
  float lowest_hz = 20, highest_hz = 0;  // of the bands; 0: half the rate
  int64_t coefficients = 13;             // mfcc: the first of as many as there are bands

  int64_t window() const;  // in samples, as are these
  int64_t hop() const;
  int64_t fft_length() const;
  int64_t length() const;
  bool change_samples() const { return seconds > 0 || features != SoundFeatures::Waveform; }

  bool operator==(const SoundSteps&) const = default;
};

// Fails with what cannot be computed, by the key in [sound].
Expected<void> check_sound_steps(const SoundSteps& steps);

// Cuts or fills, then computes the features. frames = 1 + (samples - window) / hop, rounded down; a frame is weighted with a Hann
// window w_n = 0.5 - 0.5 cos(2 pi n / N), N = window if that is even, else window - 1, and filled up with zeros at its end.
//   mel_b = sum over k of |FFT_k| * max(0, min((m_k - e_b) / (e_b+1 - e_b), (e_b+2 - m_k) / (e_b+2 - e_b+1))), k = 1 .. fft / 2,
//   m_k = 1127 ln(1 + f_k / 700), f_k = k rate / fft, e: mels + 2 equal steps from the mel of lowest_hz to that of highest_hz;
//   log_mel_b = ln(mel_b + 1e-6);  mfcc_c = sqrt(2 / mels) sum over b of log_mel_b cos(pi c (b + 1/2) / mels), also for c = 0.
Expected<Tensor> sound_features(const Tensor& waveform, const SoundSteps& steps);

}  // namespace pare
