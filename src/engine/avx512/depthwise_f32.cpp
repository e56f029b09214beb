#include <array>
#include <utility>

#include "engine/avx512/depthwise_rows.h"

namespace pare::avx512 {
namespace {

// A vector of one pixel, or of neighbouring pixels `part` elements apart (Parts of them).
template <int Parts>
__m512 load(const float* at, int64_t part) {
  if constexpr (Parts == 1) return _mm512_loadu_ps(at);
  if constexpr (Parts == 2)
    return _mm512_insertf32x8(_mm512_castps256_ps512(_mm256_loadu_ps(at)), _mm256_loadu_ps(at + part), 1);
  if constexpr (Parts == 4) {
    __m512 x = _mm512_castps128_ps512(_mm_loadu_ps(at));
    x = _mm512_insertf32x4(x, _mm_loadu_ps(at + part), 1);
    x = _mm512_insertf32x4(x, _mm_loadu_ps(at + 2 * part), 2);
    return _mm512_insertf32x4(x, _mm_loadu_ps(at + 3 * part), 3);
  }
}

struct Filter {
  const std::vector<int64_t>& taps;
  const float* weights;  // [tap][16]
  __m512 bias, lowest, highest;
  int64_t part;    // between the pixels of a vector
  __mmask16 mask;  // of the channels that exist
};

// A column of T output vectors, row by row: a weight is loaded once for all of them, and T sums hide latency. Taps is their number
// where known at compile time (the weights then stay in registers), else 0.
template <int Parts, int Taps, int T>
void column(const Filter& filter, const Strip<float>& strip, int64_t first) {
  const int64_t count = Taps > 0 ? Taps : static_cast<int64_t>(filter.taps.size());
  const int64_t* taps = filter.taps.data();
  const int64_t src_step = strip.src_step, dst_step = strip.dst_step, part = filter.part;
  const __mmask16 mask = filter.mask;
  const __m512 bias = filter.bias, lowest = filter.lowest, highest = filter.highest;
  __m512 kept[Taps > 0 ? Taps : 1];
  if constexpr (Taps > 0)
    for (int i = 0; i < Taps; ++i) kept[i] = _mm512_load_ps(filter.weights + i * DepthwiseF32::kLanes);
  const float* src = strip.src + first * src_step;
  float* dst = strip.dst + first * dst_step;
  for (int64_t y = 0; y < strip.rows; ++y, src += strip.src_row_step, dst += strip.dst_row_step) {
    __m512 sum[T];
#pragma GCC unroll 12
    for (int t = 0; t < T; ++t) sum[t] = bias;
#pragma GCC unroll 9
    for (int64_t tap = 0; tap < count; ++tap) {
      const __m512 w = Taps > 0 ? kept[tap] : _mm512_load_ps(filter.weights + tap * DepthwiseF32::kLanes);
      const float* at = src + taps[tap];
#pragma GCC unroll 12
      for (int t = 0; t < T; ++t) sum[t] = _mm512_fmadd_ps(load<Parts>(at + t * src_step, part), w, sum[t]);
    }
#pragma GCC unroll 12
    for (int t = 0; t < T; ++t)
      _mm512_mask_storeu_ps(dst + t * dst_step, mask, _mm512_min_ps(_mm512_max_ps(sum[t], lowest), highest));
  }
}

using Column = void (*)(const Filter&, const Strip<float>&, int64_t);
template <int Parts, int Taps, int... T>
constexpr auto columns_of(std::integer_sequence<int, T...>) {
  return std::array<Column, sizeof...(T)>{column<Parts, Taps, T + 1>...};
}

template <int Parts, int Taps>
void vectors(const Filter& filter, const Strip<float>& strip) {
  constexpr int64_t kMost = 12;
  static constexpr auto of_width = columns_of<Parts, Taps>(std::make_integer_sequence<int, kMost>());
  const int64_t columns = (strip.count + kMost - 1) / kMost;
  for (int64_t c = 0; c < columns; ++c) {  // of nearly equal width
    const int64_t from = strip.count * c / columns, to = strip.count * (c + 1) / columns;
    of_width[static_cast<size_t>(to - from - 1)](filter, strip, from);
  }
}

template <int Parts>
void vectors(const Filter& filter, const Strip<float>& strip) {
  if (filter.taps.size() == 9)
    vectors<Parts, 9>(filter, strip);  // 3 x 3
  else
    vectors<Parts, 0>(filter, strip);
}

}  // namespace

// Filters with the weights of this run: [block][the bias, then each tap][16].
struct PackedF32Filters {
  static constexpr int64_t kLanes = DepthwiseF32::kLanes;
  const DepthwiseF32& of;
  const float* filters;
};

struct RowsF32 {
  using Element = float;
  using Kernel = PackedF32Filters;
  static constexpr char kFlip = 0;

  static Filter filter(const Kernel& kernel, int64_t block, int64_t part, int64_t channels) {
    const DepthwiseF32& of = kernel.of;
    const float* at = kernel.filters + block * (static_cast<int64_t>(of.taps_.size()) + 1) * Kernel::kLanes;
    return {of.taps_,
            at + Kernel::kLanes,
            _mm512_load_ps(at),
            _mm512_set1_ps(of.lowest_),
            _mm512_set1_ps(of.highest_),
            part,
            static_cast<__mmask16>((1u << channels) - 1)};
  }

  static void one_pixel(const Kernel& kernel, int64_t block, int64_t channels, const Strip<float>& strip) {
    vectors<1>(filter(kernel, block, 0, channels), strip);
  }

  static void several_pixels(const Kernel& kernel, int64_t part, const Strip<float>& strip) {
    const Filter first = filter(kernel, 0, part, Kernel::kLanes);
    if (kernel.of.geometry_.w.stride == 1)
      vectors<1>(first, strip);
    else if (kernel.of.shape_.pixels == 2)
      vectors<2>(first, strip);
    else
      vectors<4>(first, strip);
  }
};

DepthwiseF32::DepthwiseF32(const WindowGeometry& geometry, float lowest, float highest)
    : geometry_(geometry),
      shape_(geometry, kLanes, 4),
      taps_(tap_offsets(geometry, shape_)),
      lowest_(lowest),
      highest_(highest) {}

void DepthwiseF32::pack(const float* weights, const float* bias, bool turned, float* filters) const {
  const auto taps = static_cast<int64_t>(taps_.size());
  std::fill_n(filters, filter_elements(), 0.f);  // lanes beyond stay zero
  for (int64_t lane = 0; lane < geometry_.channels * shape_.pixels; ++lane) {
    const int64_t channel = lane % geometry_.channels;
    float* at = filters + lane / kLanes * (taps + 1) * kLanes + lane % kLanes;
    if (bias != nullptr) *at = bias[channel];
    for (int64_t tap = 0; tap < taps; ++tap)
      at[(tap + 1) * kLanes] = weights[(turned ? taps - 1 - tap : tap) * geometry_.channels + channel];
  }
}

void DepthwiseF32::run(const float* image, const float* filters, float fill, int64_t first, int64_t rows, float* dst,
                       float* scratch) const {
  depthwise_rows<RowsF32>({*this, filters}, geometry_, shape_, image, fill, first, rows, dst, scratch);
}

}  // namespace pare::avx512
