#include "engine/avx512/depthwise_rows.h"

namespace pare::avx512 {
namespace {

// 64 bytes of one pixel, or of neighbouring pixels `part` elements apart (Parts of them).
template <int Parts>
__m512i load(const int8_t* at, int64_t part) {
  if constexpr (Parts == 1) return _mm512_loadu_si512(at);
  if constexpr (Parts == 2) {
    const auto half = [&](int i) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + i * part)); };
    return _mm512_inserti64x4(_mm512_castsi256_si512(half(0)), half(1), 1);
  }
  if constexpr (Parts == 4) {
    const auto quarter = [&](int i) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + i * part)); };
    const __m512i x = _mm512_inserti32x4(_mm512_castsi128_si512(quarter(0)), quarter(1), 1);
    return _mm512_inserti32x4(_mm512_inserti32x4(x, quarter(2), 2), quarter(3), 3);
  }
  if constexpr (Parts == 8) {
    const auto pair = [&](int i) {
      return _mm_unpacklo_epi64(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(at + i * part)),
                                _mm_loadl_epi64(reinterpret_cast<const __m128i*>(at + (i + 1) * part)));
    };
    const __m512i x = _mm512_inserti32x4(_mm512_castsi128_si512(pair(0)), pair(2), 1);
    return _mm512_inserti32x4(_mm512_inserti32x4(x, pair(4), 2), pair(6), 3);
  }
}

struct Filter {
  const std::vector<int64_t>& taps;
  const __m512i* weights;   // [quad][4]
  const int32_t* bias;      // [4][16]
  const float* scales;      // [4][16]
  __m512i zero_point;       // 16-bit lanes
  __m512i lowest, highest;  // 8-bit lanes
  int64_t part;             // between the pixels of a vector
  __mmask64 mask;           // of the channels that exist
};

// One vector of outputs after the other. Quads is the number of groups of four taps where known at compile time, else 0; the weights
// of a few groups stay in registers.
template <int Quads, int Parts>
void vectors(const Filter& filter, const Strip<int8_t>& strip) {
  constexpr bool kKeep = Quads == 3;
  const int64_t quads = Quads > 0 ? Quads : static_cast<int64_t>(filter.taps.size()) / 4;
  const int64_t* taps = filter.taps.data();
  const __m512i* weights = filter.weights;
  const __m512i zero_point = filter.zero_point, lowest = filter.lowest, highest = filter.highest;
  const int64_t part = filter.part;
  const __mmask64 mask = filter.mask;
  __m512i kept[kKeep ? 4 * Quads : 1], bias[4];
  __m512 scales[4];
  if constexpr (kKeep)
    for (int i = 0; i < 4 * Quads; ++i) kept[i] = _mm512_load_si512(weights + i);
  for (int i = 0; i < 4; ++i) {
    bias[i] = _mm512_load_si512(filter.bias + 16 * i);
    scales[i] = _mm512_load_ps(filter.scales + 16 * i);
  }
  for (int64_t y = 0; y < strip.rows; ++y)
    for (int64_t v = 0; v < strip.count; ++v) {
      const int8_t* src = strip.src + y * strip.src_row_step + v * strip.src_step;
      __m512i sum[4] = {bias[0], bias[1], bias[2], bias[3]};
#pragma GCC unroll 8
      for (int64_t q = 0; q < quads; ++q) {
        __m512i x[4];
#pragma GCC unroll 4
        for (int i = 0; i < 4; ++i) x[i] = load<Parts>(src + taps[4 * q + i], part);
        const __m512i low_01 = _mm512_unpacklo_epi8(x[0], x[1]), high_01 = _mm512_unpackhi_epi8(x[0], x[1]);
        const __m512i low_23 = _mm512_unpacklo_epi8(x[2], x[3]), high_23 = _mm512_unpackhi_epi8(x[2], x[3]);
        const __m512i* w = kKeep ? kept + 4 * q : weights + 4 * q;
        sum[0] = _mm512_dpbusd_epi32(sum[0], _mm512_unpacklo_epi16(low_01, low_23), w[0]);
        sum[1] = _mm512_dpbusd_epi32(sum[1], _mm512_unpackhi_epi16(low_01, low_23), w[1]);
        sum[2] = _mm512_dpbusd_epi32(sum[2], _mm512_unpacklo_epi16(high_01, high_23), w[2]);
        sum[3] = _mm512_dpbusd_epi32(sum[3], _mm512_unpackhi_epi16(high_01, high_23), w[3]);
      }
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) sum[i] = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_cvtepi32_ps(sum[i]), scales[i]));
      const __m512i low = _mm512_adds_epi16(_mm512_packs_epi32(sum[0], sum[1]), zero_point);
      const __m512i high = _mm512_adds_epi16(_mm512_packs_epi32(sum[2], sum[3]), zero_point);
      const __m512i packed = _mm512_min_epi8(_mm512_max_epi8(_mm512_packs_epi16(low, high), lowest), highest);
      _mm512_mask_storeu_epi8(strip.dst + y * strip.dst_row_step + v * strip.dst_step, mask, packed);
    }
}

template <int Parts>
void vectors_of_any_window(const Filter& filter, const Strip<int8_t>& strip) {
  switch (filter.taps.size()) {
    case 12: return vectors<3, Parts>(filter, strip);  // 3 x 3
    case 28: return vectors<7, Parts>(filter, strip);  // 5 x 5
    default: return vectors<0, Parts>(filter, strip);
  }
}

// The channel of a vector that lane `lane` of accumulator `vector` holds after the two interleavings, which work in 128-bit parts.
int64_t interleaved_channel(int64_t vector, int64_t lane) { return lane / 4 * 16 + vector * 4 + lane % 4; }

}  // namespace

struct RowsI8 {
  using Element = int8_t;
  using Kernel = DepthwiseI8;
  static constexpr char kFlip = static_cast<char>(0x80);  // + 128: the dot product wants unsigned bytes

  static Filter filter(const Kernel& kernel, int64_t block, int64_t part, int64_t channels) {
    return {
        kernel.taps_,
        reinterpret_cast<const __m512i*>(kernel.weights_.data()) + block * static_cast<int64_t>(kernel.taps_.size()),
        reinterpret_cast<const int32_t*>(kernel.bias_.data()) + block * Kernel::kLanes,
        reinterpret_cast<const float*>(kernel.scales_.data()) + block * Kernel::kLanes,
        _mm512_set1_epi16(static_cast<int16_t>(kernel.zero_point_)),
        _mm512_set1_epi8(static_cast<char>(kernel.lowest_)),
        _mm512_set1_epi8(static_cast<char>(kernel.highest_)),
        part,
        channels == Kernel::kLanes ? ~__mmask64{0} : (__mmask64{1} << channels) - 1};
  }

  static void one_pixel(const Kernel& kernel, int64_t block, int64_t channels, const Strip<int8_t>& strip) {
    vectors_of_any_window<1>(filter(kernel, block, 0, channels), strip);
  }

  static void several_pixels(const Kernel& kernel, int64_t part, const Strip<int8_t>& strip) {
    const Filter first = filter(kernel, 0, part, Kernel::kLanes);
    if (kernel.geometry_.w.stride == 1)
      vectors_of_any_window<1>(first, strip);
    else if (kernel.shape_.pixels == 2)
      vectors_of_any_window<2>(first, strip);
    else if (kernel.shape_.pixels == 4)
      vectors_of_any_window<4>(first, strip);
    else
      vectors_of_any_window<8>(first, strip);
  }
};

DepthwiseI8::DepthwiseI8(const WindowGeometry& geometry, const int8_t* weights, const EpilogueI8& epilogue)
    : geometry_(geometry),
      shape_(geometry, kLanes, 8),
      taps_(tap_offsets(geometry, shape_)),
      zero_point_(epilogue.zero_point),
      lowest_(epilogue.lowest),
      highest_(epilogue.highest) {
  const auto taps = static_cast<int64_t>(taps_.size());
  const int64_t channels = geometry.channels, quads = (taps + 3) / 4;
  taps_.resize(static_cast<size_t>(quads * 4), taps_.front());
  weights_ = AlignedBytes(static_cast<size_t>(shape_.blocks * quads) * 4 * kLanes);
  bias_ = AlignedBytes(static_cast<size_t>(shape_.blocks * kLanes) * sizeof(int32_t));
  scales_ = AlignedBytes(static_cast<size_t>(shape_.blocks * kLanes) * sizeof(float));
  for (int64_t at = 0; at < shape_.blocks * kLanes; ++at) {
    const int64_t block = at / kLanes, vector = at % kLanes / 16, lane = at % 16;
    const int64_t position = block * kLanes + interleaved_channel(vector, lane);
    if (position >= channels * shape_.pixels) continue;  // stays zero
    const int64_t channel = position % channels;
    reinterpret_cast<int32_t*>(bias_.data())[at] = epilogue.bias[channel];
    reinterpret_cast<float*>(scales_.data())[at] = epilogue.scales[channel];
    for (int64_t tap = 0; tap < taps; ++tap)
      reinterpret_cast<int8_t*>(
          weights_.data())[((block * quads + tap / 4) * 4 + vector) * kLanes + lane * 4 + tap % 4] =
          weights[tap * channels + channel];
  }
}

void DepthwiseI8::run(const int8_t* image, int8_t fill, int64_t first, int64_t rows, int8_t* dst,
                      int8_t* scratch) const {
  depthwise_rows<RowsI8>(*this, geometry_, shape_, image, fill, first, rows, dst, scratch);
}

}  // namespace pare::avx512
