#include <immintrin.h>

#include <array>
#include <utility>

#include "engine/avx512/depthwise_rows.h"

namespace pare::avx512 {
namespace {

// A vector of one pixel, or of neighbouring pixels `part` elements apart (Parts of them; 0: one pixel whose channels need a mask).
template <int Parts>
__m512 load(const float* at, int64_t part, __mmask16 mask) {
  if constexpr (Parts == 0) return _mm512_maskz_loadu_ps(mask, at);
  if constexpr (Parts == 1) return _mm512_loadu_ps(at);
  if constexpr (Parts == 2) return _mm512_insertf32x8(_mm512_castps256_ps512(_mm256_loadu_ps(at)), _mm256_loadu_ps(at + part), 1);
  if constexpr (Parts == 4) {
    __m512 x = _mm512_castps128_ps512(_mm_loadu_ps(at));
    x = _mm512_insertf32x4(x, _mm_loadu_ps(at + part), 1);
    x = _mm512_insertf32x4(x, _mm_loadu_ps(at + 2 * part), 2);
    return _mm512_insertf32x4(x, _mm_loadu_ps(at + 3 * part), 3);
  }
}

struct Row {
  const float* src;
  int64_t src_step;  // from one output vector to the next
  int64_t part;      // between the pixels of a vector
  float* dst;
  int64_t dst_step;
  __mmask16 mask;
};

struct Filter {
  const std::vector<int64_t>& taps;
  const float* weights;  // [tap][16]
  __m512 bias, lowest, highest;
};

// T output vectors at once, so that a weight is loaded once for all of them and latency is hidden. Taps is their number where known
// at compile time, else 0. The row is passed by value: stores through dst cannot change it then.
template <int Parts, int Taps, int T>
void tile(const Filter& filter, Row row, int64_t first) {
  __m512 sum[T];
#pragma GCC unroll 12
  for (int t = 0; t < T; ++t) sum[t] = filter.bias;
  const float* src = row.src + first * row.src_step;
  const float* weights = filter.weights;
  const int64_t* taps = filter.taps.data();
  const int64_t count = Taps > 0 ? Taps : static_cast<int64_t>(filter.taps.size());
#pragma GCC unroll 9
  for (int64_t tap = 0; tap < count; ++tap) {
    const __m512 w = _mm512_load_ps(weights + tap * DepthwiseF32::kLanes);
    const float* at = src + taps[tap];
#pragma GCC unroll 12
    for (int t = 0; t < T; ++t) sum[t] = _mm512_fmadd_ps(load<Parts>(at + t * row.src_step, row.part, row.mask), w, sum[t]);
  }
  float* dst = row.dst + first * row.dst_step;
  const __m512 lowest = filter.lowest, highest = filter.highest;
#pragma GCC unroll 12
  for (int t = 0; t < T; ++t) _mm512_mask_storeu_ps(dst + t * row.dst_step, row.mask, _mm512_min_ps(_mm512_max_ps(sum[t], lowest), highest));
}

using Tile = void (*)(const Filter&, Row, int64_t);
template <int Parts, int Taps, int... T>
constexpr auto tiles_of(std::integer_sequence<int, T...>) {
  return std::array<Tile, sizeof...(T)>{tile<Parts, Taps, T + 1>...};
}

template <int Parts, int Taps>
void vectors(const Filter& filter, const Row& row, int64_t count) {
  constexpr int64_t kMost = 12;
  static constexpr auto of_width = tiles_of<Parts, Taps>(std::make_integer_sequence<int, kMost>());
  const int64_t tiles = (count + kMost - 1) / kMost;
  for (int64_t t = 0; t < tiles; ++t) {
    const int64_t from = count * t / tiles, to = count * (t + 1) / tiles;
    of_width[static_cast<size_t>(to - from - 1)](filter, row, from);
  }
}

template <int Parts>
void vectors(const Filter& filter, const Row& row, int64_t count) {
  if (filter.taps.size() == 9) vectors<Parts, 9>(filter, row, count);  // 3 x 3
  else vectors<Parts, 0>(filter, row, count);
}

}  // namespace

struct RowsF32 {
  using Element = float;
  using Kernel = DepthwiseF32;

  static Filter filter(const Kernel& kernel, int64_t block) {
    const int64_t at = block * Kernel::kLanes;
    return {kernel.taps_, reinterpret_cast<const float*>(kernel.weights_.data()) + at * static_cast<int64_t>(kernel.taps_.size()),
            _mm512_load_ps(reinterpret_cast<const float*>(kernel.bias_.data()) + at), _mm512_set1_ps(kernel.lowest_), _mm512_set1_ps(kernel.highest_)};
  }

  static void one_pixel(const Kernel& kernel, int64_t block, const float* src, int64_t count, int64_t src_step, int64_t channels, float* dst, int64_t dst_step) {
    const Row row{src, src_step, 0, dst, dst_step, static_cast<__mmask16>((1u << channels) - 1)};
    if (channels == Kernel::kLanes) vectors<1>(filter(kernel, block), row, count);
    else vectors<0>(filter(kernel, block), row, count);
  }

  static void several_pixels(const Kernel& kernel, const float* src, int64_t count, int64_t src_step, int64_t part, float* dst) {
    const Row row{src, src_step, part, dst, Kernel::kLanes, 0xFFFF};
    if (kernel.geometry_.w.stride == 1) vectors<1>(filter(kernel, 0), row, count);
    else if (kernel.shape_.pixels == 2) vectors<2>(filter(kernel, 0), row, count);
    else vectors<4>(filter(kernel, 0), row, count);
  }
};

DepthwiseF32::DepthwiseF32(const WindowGeometry& geometry, const float* weights, const float* bias, float lowest, float highest)
    : geometry_(geometry), shape_(geometry.channels, kLanes), taps_(tap_offsets(geometry)), lowest_(lowest), highest_(highest) {
  if (shape_.pixels > 4) shape_ = DepthwiseShape(kLanes, kLanes);  // too few channels to gain from: one pixel a vector
  const auto taps = static_cast<int64_t>(taps_.size());
  weights_ = AlignedBytes(static_cast<size_t>(shape_.blocks * taps * kLanes) * sizeof(float));
  bias_ = AlignedBytes(static_cast<size_t>(shape_.blocks * kLanes) * sizeof(float));
  auto* packed = reinterpret_cast<float*>(weights_.data());
  auto* packed_bias = reinterpret_cast<float*>(bias_.data());
  for (int64_t lane = 0; lane < geometry.channels * shape_.pixels; ++lane) {  // lanes beyond stay zero
    const int64_t channel = lane % geometry.channels, block = lane / kLanes;
    packed_bias[lane] = bias == nullptr ? 0.f : bias[channel];
    for (int64_t tap = 0; tap < taps; ++tap) packed[(block * taps + tap) * kLanes + lane % kLanes] = weights[tap * geometry.channels + channel];
  }
}

void DepthwiseF32::run(const float* padded, int64_t rows, float* dst) const {
  depthwise_rows<RowsF32>(*this, geometry_, shape_, padded, rows, dst);
}

}  // namespace pare::avx512
