#include "data/sound_features.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>
#include <optional>
#include <vector>

#include "data/fft.h"
#include "data/sound_file.h"

namespace pare {
namespace {

constexpr double kPi = std::numbers::pi;

int64_t in_samples(float milliseconds, int64_t rate) {
  return std::llround(double{milliseconds} * static_cast<double>(rate) / 1000);
}

double to_mel(double hz) { return 1127 * std::log1p(hz / 700); }

std::vector<float> hann_window(int64_t length) {
  const auto period = static_cast<double>(length % 2 == 0 ? length : std::max<int64_t>(length - 1, 1));
  std::vector<float> window;
  for (int64_t n = 0; n < length; ++n)
    window.push_back(static_cast<float>(0.5 - 0.5 * std::cos(2 * kPi * static_cast<double>(n) / period)));
  return window;
}

// A triangle over the spectrum: weights of the lines from `first` on.
struct Band {
  int64_t first = 0;
  std::vector<float> weights;
};

std::vector<Band> mel_bands(const SoundSteps& steps) {
  const auto rate = static_cast<double>(steps.rate), fft = static_cast<double>(steps.fft_length());
  const double low = to_mel(steps.lowest_hz), high = to_mel(steps.highest_hz > 0 ? double{steps.highest_hz} : rate / 2);
  const double step = (high - low) / static_cast<double>(steps.mels + 1);
  std::vector<Band> bands;
  for (int64_t b = 0; b < steps.mels; ++b) {
    Band band;
    const double edge = low + step * static_cast<double>(b);
    for (int64_t k = 1; k <= steps.fft_length() / 2; ++k) {
      const double mel = to_mel(static_cast<double>(k) * rate / fft);
      const double weight = std::min(mel - edge, edge + 2 * step - mel) / step;
      if (weight <= 0) continue;
      if (band.weights.empty()) band.first = k;
      band.weights.push_back(static_cast<float>(weight));
    }
    bands.push_back(std::move(band));
  }
  return bands;
}

// [coefficients, mels] of the cosine transform.
std::vector<float> cosine_table(const SoundSteps& steps) {
  const int64_t mels = steps.mels;
  std::vector<float> cosines;
  for (int64_t c = 0; c < steps.coefficients; ++c)
    for (int64_t b = 0; b < mels; ++b)
      cosines.push_back(static_cast<float>(
          std::sqrt(2.0 / static_cast<double>(mels)) *
          std::cos(kPi * static_cast<double>(c) * (static_cast<double>(b) + 0.5) / static_cast<double>(mels))));
  return cosines;
}

// What is the same for every sound.
struct Tables {
  explicit Tables(const SoundSteps& given)
      : steps(given),
        window(hann_window(given.window())),
        bands(mel_bands(given)),
        cosines(cosine_table(given)),
        transform(given.fft_length()) {}

  SoundSteps steps;
  std::vector<float> window;
  std::vector<Band> bands;
  std::vector<float> cosines;
  RealFft transform;
};

// Of this thread, made anew where the steps are others than those of the sound before.
Tables& tables_for(const SoundSteps& steps) {
  thread_local std::optional<Tables> tables;
  if (!tables || tables->steps != steps) tables.emplace(steps);
  return *tables;
}

// f32 [frames, mels].
Tensor log_mel(std::span<const float> signal, Tables& tables) {
  const SoundSteps& steps = tables.steps;
  const int64_t window = steps.window(), hop = steps.hop(), fft = steps.fft_length();
  const int64_t frames = 1 + (static_cast<int64_t>(signal.size()) - window) / hop;
  std::vector<float> frame(static_cast<size_t>(fft)), spectrum(static_cast<size_t>(fft / 2 + 1));
  Tensor out(DType::Float32, {frames, steps.mels});
  float* to = out.mutable_values<float>().data();
  for (int64_t f = 0; f < frames; ++f) {
    for (int64_t n = 0; n < window; ++n)
      frame[static_cast<size_t>(n)] = signal[static_cast<size_t>(f * hop + n)] * tables.window[static_cast<size_t>(n)];
    tables.transform.magnitudes(frame, spectrum);
    for (const Band& band : tables.bands) {
      float sum = 0;
      for (size_t i = 0; i < band.weights.size(); ++i)
        sum += band.weights[i] * spectrum[static_cast<size_t>(band.first) + i];
      *to++ = std::log(sum + 1e-6f);
    }
  }
  return out;
}

// f32 [frames, coefficients].
Tensor mfcc(const Tensor& log_mel, const Tables& tables) {
  const SoundSteps& steps = tables.steps;
  const int64_t frames = log_mel.shape()[0], mels = steps.mels;
  Tensor out(DType::Float32, {frames, steps.coefficients});
  float* to = out.mutable_values<float>().data();
  const float* from = log_mel.values<float>().data();
  for (int64_t f = 0; f < frames; ++f, from += mels)
    for (int64_t c = 0; c < steps.coefficients; ++c) {
      float sum = 0;
      for (int64_t b = 0; b < mels; ++b) sum += from[b] * tables.cosines[static_cast<size_t>(c * mels + b)];
      *to++ = sum;
    }
  return out;
}

}  // namespace

int64_t SoundSteps::window() const { return in_samples(window_ms, rate); }
int64_t SoundSteps::hop() const { return in_samples(hop_ms, rate); }
int64_t SoundSteps::fft_length() const {
  return fft > 0 ? fft : std::max<int64_t>(2, static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(window()))));
}
int64_t SoundSteps::length() const { return in_samples(seconds * 1000, rate); }

Expected<void> check_sound_steps(const SoundSteps& steps) {
  constexpr int64_t kFastest = 768'000, kLongestFrame = 1 << 16, kMostBands = 4096;
  if (steps.rate < 1 || steps.rate > kFastest)
    return bad_input("'rate' in [sound] is {}; 1 to {} samples a second were expected", steps.rate, kFastest);
  if (!(steps.seconds >= 0) ||
      double{steps.seconds} * static_cast<double>(steps.rate) > static_cast<double>(kLongestSound))
    return bad_input("'seconds' in [sound] is {}; 0 or more, and at most {} samples, were expected", steps.seconds,
                     kLongestSound);
  const double longest_ms = static_cast<double>(kLongestFrame) * 1000 / static_cast<double>(steps.rate);
  if (!(steps.window_ms <= longest_ms) || steps.window() < 1)
    return bad_input("'window_ms' in [sound] is {}; at least one sample and at most {} were expected", steps.window_ms,
                     kLongestFrame);
  if (!(steps.hop_ms <= longest_ms) || steps.hop() < 1)
    return bad_input("'hop_ms' in [sound] is {}; at least one sample and at most {} were expected", steps.hop_ms,
                     kLongestFrame);
  if (steps.fft != 0 && (steps.fft < steps.window() || steps.fft % 2 != 0 || steps.fft > kLongestFrame))
    return bad_input("'fft' in [sound] is {}; an even number from the {} samples of the window to {} was expected",
                     steps.fft, steps.window(), kLongestFrame);
  const float half = static_cast<float>(steps.rate) / 2, highest = steps.highest_hz != 0 ? steps.highest_hz : half;
  if (!(steps.lowest_hz >= 0 && steps.lowest_hz < highest && highest <= half))
    return bad_input(
        "'lowest_hz' and 'highest_hz' in [sound] are {} and {}; 0 <= lowest < highest <= {}, half the rate, was expected",
        steps.lowest_hz, highest, half);
  if (steps.mels < 1 || steps.mels > kMostBands)
    return bad_input("'mels' in [sound] is {}; 1 to {} bands were expected", steps.mels, kMostBands);
  if (steps.features == SoundFeatures::Mfcc && (steps.coefficients < 1 || steps.coefficients > steps.mels))
    return bad_input("'coefficients' in [sound] is {}; 1 to the {} of 'mels' were expected", steps.coefficients,
                     steps.mels);
  return {};
}

Expected<Tensor> sound_features(const Tensor& waveform, const SoundSteps& steps) {
  if (waveform.shape().rank() != 1)
    return bad_input("[sound] needs waveforms [samples], the sample has the shape {}", waveform.shape().to_string());
  std::vector<float> signal = to_floats(waveform);
  if (steps.length() > 0) signal.resize(static_cast<size_t>(steps.length()));
  if (steps.features == SoundFeatures::Waveform) return Tensor::vector(signal);
  if (static_cast<int64_t>(signal.size()) < steps.window())
    return bad_input(
        "the sound has {} samples, a window {}; give the 'seconds' that all are filled up to, or a shorter window",
        signal.size(), steps.window());
  Tables& tables = tables_for(steps);
  Tensor mels = log_mel(signal, tables);
  return steps.features == SoundFeatures::LogMel ? mels : mfcc(mels, tables);
}

}  // namespace pare
