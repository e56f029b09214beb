#include "ops/window.h"

namespace pare {

WindowTaps window_taps(int64_t input, int64_t output, const Window& window, Padding padding) {
  const int64_t before = padding_extents(input, output, window, padding).before;
  WindowTaps taps{.outputs = output, .taps = window.kernel, .source = {}};
  for (int64_t y = 0; y < output; ++y)
    for (int64_t i = 0; i < window.kernel; ++i) {
      const int64_t at = y * window.stride + i * window.dilation - before;
      taps.source.push_back(at >= 0 && at < input ? at : -1);
    }
  return taps;
}

}  // namespace pare
