// Sums and maxima over windows of pixels, channel by channel, for processors with AVX-512: pooling and means over height and width.
#pragma once

#include <cstdint>

namespace pare::avx512 {

// A rectangle of pixels inside an NHWC image.
template <class Element>
struct PixelWindow {
  const Element* first;  // channel 0 of the upper left pixel
  int64_t rows, columns;
  int64_t row_step;  // elements from one row of the image to the next
  int64_t channels;  // also the elements from one pixel to the next
};

// dst[c] = limit(sum of channel c * factor)
void average(const PixelWindow<float>& window, float factor, float lowest, float highest, float* dst);
void maximum(const PixelWindow<float>& window, float lowest, float highest, float* dst);

// dst[c] = limit(round(sum of channel c * factor + offset)), halves away from zero.
void average(const PixelWindow<int8_t>& window, float factor, float offset, int32_t lowest, int32_t highest,
             int8_t* dst);
void maximum(const PixelWindow<int8_t>& window, int32_t lowest, int32_t highest, int8_t* dst);

}  // namespace pare::avx512
