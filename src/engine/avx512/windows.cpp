#include "engine/avx512/windows.h"

#include "engine/avx512/lanes.h"

namespace pare::avx512 {
namespace {

// Calls combine(state, pixel's channels) over the window for each vector of 16 channels, then finish(channel, mask, state).
template <class Element, class State, class Load, class Combine, class Finish>
void over_window(const PixelWindow<Element>& window, State start, Load load, Combine combine, Finish finish) {
  for (int64_t c = 0; c < window.channels; c += kLanes) {
    const __mmask16 mask = mask_of(window.channels - c);
    State state[2] = {start, start};  // two chains hide latency
    for (int64_t y = 0; y < window.rows; ++y) {
      const Element* pixel = window.first + y * window.row_step + c;
      int64_t x = 0;
      for (; x + 2 <= window.columns; x += 2, pixel += 2 * window.channels) {
        state[0] = combine(state[0], load(mask, pixel));
        state[1] = combine(state[1], load(mask, pixel + window.channels));
      }
      if (x < window.columns) state[0] = combine(state[0], load(mask, pixel));
    }
    finish(c, mask, combine(state[0], state[1]));
  }
}

__m512 load_f32(__mmask16 mask, const float* at) { return _mm512_maskz_loadu_ps(mask, at); }

}  // namespace

void average(const PixelWindow<float>& window, float factor, float lowest, float highest, float* dst) {
  over_window(
      window, _mm512_setzero_ps(), load_f32, [](__m512 a, __m512 b) { return _mm512_add_ps(a, b); },
      [&](int64_t c, __mmask16 mask, __m512 sum) {
        const __m512 mean = _mm512_mul_ps(sum, _mm512_set1_ps(factor));
        _mm512_mask_storeu_ps(dst + c, mask,
                              _mm512_min_ps(_mm512_max_ps(mean, _mm512_set1_ps(lowest)), _mm512_set1_ps(highest)));
      });
}

void maximum(const PixelWindow<float>& window, float lowest, float highest, float* dst) {
  over_window(
      window, _mm512_set1_ps(lowest), load_f32, [](__m512 a, __m512 b) { return _mm512_max_ps(a, b); },
      [&](int64_t c, __mmask16 mask, __m512 most) {
        _mm512_mask_storeu_ps(dst + c, mask, _mm512_min_ps(most, _mm512_set1_ps(highest)));
      });
}

void average(const PixelWindow<int8_t>& window, float factor, float offset, int32_t lowest, int32_t highest,
             int8_t* dst) {
  over_window(
      window, _mm512_setzero_si512(), load_i8, [](__m512i a, __m512i b) { return _mm512_add_epi32(a, b); },
      [&](int64_t c, __mmask16 mask, __m512i sum) {
        const __m512 mean =
            _mm512_add_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(sum), _mm512_set1_ps(factor)), _mm512_set1_ps(offset));
        _mm_mask_storeu_epi8(dst + c, mask, _mm512_cvtepi32_epi8(limit(round_half_away(mean), lowest, highest)));
      });
}

void maximum(const PixelWindow<int8_t>& window, int32_t lowest, int32_t highest, int8_t* dst) {
  over_window(
      window, _mm512_set1_epi32(lowest), load_i8, [](__m512i a, __m512i b) { return _mm512_max_epi32(a, b); },
      [&](int64_t c, __mmask16 mask, __m512i most) {
        _mm_mask_storeu_epi8(dst + c, mask, _mm512_cvtepi32_epi8(limit(most, lowest, highest)));
      });
}

}  // namespace pare::avx512
