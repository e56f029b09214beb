// A data set that needs no download: digits drawn as strokes, bent, of varying thickness, over noise and stray strokes. Some are
// ambiguous on purpose, so that a small network errs on a few in a hundred and a loss of accuracy shows.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/error.h"
#include "base/tensor.h"

namespace pare {

inline constexpr int64_t kStrokesSide = 28;  // pixels
inline constexpr int64_t kStrokesClasses = 10;

struct LabelledImages {
  Tensor images;  // u8 [count, 28, 28, 1], 255 = ink
  Tensor labels;  // i64 [count], 0..9, every class as often as the others (one more or less)
};

// Sample i depends on seed and i alone.
LabelledImages draw_strokes(int64_t count, uint64_t seed, int threads);

struct StrokesOptions {
  int64_t train = 12'000;
  int64_t test = 2'000;
  uint64_t seed = 1;
  int threads = 1;
};

// Writes `<output>.npz` with the arrays x_train, y_train, x_test and y_test, and beside it `<output>.toml`, the description with
// the splits train, calibration and test. `output` may carry either ending. Fails for counts below 100.
Expected<void> make_strokes(const std::filesystem::path& output, const StrokesOptions& options);

}  // namespace pare
