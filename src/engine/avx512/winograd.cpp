#include "engine/avx512/winograd.h"

#include <limits>

#include "engine/avx512/lanes.h"

namespace pare::avx512 {
namespace {

constexpr int kElements = 16;  // of a transformed tile
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Transformed tiles and their products together stay in the second-level cache, mostly in the first.
constexpr int64_t kBlockBytes = 96 << 10;

// G g G^T for one 3 x 3 filter, taps `step` apart.
void transform_filter(const float* g, int64_t step, double (&out)[4][4]) {
  double rows[4][3];
  for (int j = 0; j < 3; ++j) {
    const double a = g[j * step], b = g[(3 + j) * step], c = g[(6 + j) * step];
    rows[0][j] = a;
    rows[1][j] = (a + b + c) / 2;
    rows[2][j] = (a - b + c) / 2;
    rows[3][j] = c;
  }
  for (int i = 0; i < 4; ++i) {
    out[i][0] = rows[i][0];
    out[i][1] = (rows[i][0] + rows[i][1] + rows[i][2]) / 2;
    out[i][2] = (rows[i][0] - rows[i][1] + rows[i][2]) / 2;
    out[i][3] = rows[i][2];
  }
}

WindowGeometry filled_up(WindowGeometry g) {
  g.pad_h.after = (g.dst_h + 1) / 2 * 2 + 2 - g.src_h - g.pad_h.before;
  g.pad_w.after = (g.dst_w + 1) / 2 * 2 + 2 - g.src_w - g.pad_w.before;
  return g;
}

// B^T x for a column or row of four vectors.
void transform4(__m512& a, __m512& b, __m512& c, __m512& d) {
  const __m512 first = _mm512_sub_ps(a, c), second = _mm512_add_ps(b, c), third = _mm512_sub_ps(c, b),
               fourth = _mm512_sub_ps(b, d);
  a = first;
  b = second;
  c = third;
  d = fourth;
}

}  // namespace

WinogradF32::WinogradF32(const WindowGeometry& geometry, const float* weights, int64_t n)
    : geometry_(geometry), padded_(filled_up(geometry)), n_(n) {
  const int64_t channels = geometry.channels;
  std::vector<std::vector<float>> transformed(kElements, std::vector<float>(static_cast<size_t>(n * channels)));
  for (int64_t o = 0; o < n; ++o)
    for (int64_t c = 0; c < channels; ++c) {
      double filter[4][4];
      transform_filter(weights + o * 9 * channels + c, channels, filter);
      for (int e = 0; e < kElements; ++e)
        transformed[static_cast<size_t>(e)][static_cast<size_t>(o * channels + c)] =
            static_cast<float>(filter[e / 4][e % 4]);
    }
  for (const std::vector<float>& matrix : transformed) weights_.emplace_back(matrix.data(), n, 1, channels);
  const int64_t tile_bytes = kElements * (channels + n) * static_cast<int64_t>(sizeof(float));
  tiles_at_once_ = std::max<int64_t>(12, kBlockBytes / tile_bytes / 12 * 12);  // whole product tiles
}

size_t WinogradF32::scratch_bytes() const {
  return static_cast<size_t>(tiles_at_once_ * kElements * (geometry_.channels + n_)) * sizeof(float);
}

void WinogradF32::transform_tiles(const float* padded, int64_t first, int64_t count, float* transformed) const {
  const int64_t channels = geometry_.channels, across = (geometry_.dst_w + 1) / 2, row = padded_.padded_w() * channels;
  const int64_t matrix = tiles_at_once_ * channels;  // elements between two of the 16 matrices
  for (int64_t t = 0; t < count; ++t) {
    const float* corner = padded + (first + t) / across * 2 * row + (first + t) % across * 2 * channels;
    for (int64_t c = 0; c < channels; c += kLanes) {
      __m512 d[4][4];
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i)
#pragma GCC unroll 4
        for (int j = 0; j < 4; ++j) d[i][j] = _mm512_loadu_ps(corner + i * row + j * channels + c);
#pragma GCC unroll 4
      for (int j = 0; j < 4; ++j) transform4(d[0][j], d[1][j], d[2][j], d[3][j]);
      float* out = transformed + t * channels + c;
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) {
        transform4(d[i][0], d[i][1], d[i][2], d[i][3]);
#pragma GCC unroll 4
        for (int j = 0; j < 4; ++j) _mm512_storeu_ps(out + (i * 4 + j) * matrix, d[i][j]);
      }
    }
  }
}

void WinogradF32::transform_back(const float* products, const EpilogueF32& epilogue, int64_t first, int64_t count,
                                 float* dst) const {
  const int64_t across = (geometry_.dst_w + 1) / 2, matrix = tiles_at_once_ * n_;
  const __m512 lowest = _mm512_set1_ps(epilogue.lowest), highest = _mm512_set1_ps(epilogue.highest);
  for (int64_t t = 0; t < count; ++t) {
    const int64_t y = (first + t) / across * 2, x = (first + t) % across * 2;
    const int rows = y + 1 < geometry_.dst_h ? 2 : 1, columns = x + 1 < geometry_.dst_w ? 2 : 1;
    for (int64_t o = 0; o < n_; o += kLanes) {
      const float* in = products + t * n_ + o;
      __m512 half[2][4];  // A^T m
#pragma GCC unroll 4
      for (int j = 0; j < 4; ++j) {
        const __m512 a = _mm512_loadu_ps(in + j * matrix), b = _mm512_loadu_ps(in + (4 + j) * matrix),
                     c = _mm512_loadu_ps(in + (8 + j) * matrix), d = _mm512_loadu_ps(in + (12 + j) * matrix);
        half[0][j] = _mm512_add_ps(_mm512_add_ps(a, b), c);
        half[1][j] = _mm512_sub_ps(_mm512_sub_ps(b, c), d);
      }
      const __m512 bias = epilogue.bias == nullptr ? _mm512_setzero_ps() : _mm512_loadu_ps(epilogue.bias + o);
      for (int i = 0; i < rows; ++i) {
        const __m512 pair[2] = {_mm512_add_ps(_mm512_add_ps(half[i][0], half[i][1]), half[i][2]),
                                _mm512_sub_ps(_mm512_sub_ps(half[i][1], half[i][2]), half[i][3])};
        for (int j = 0; j < columns; ++j) {
          const int64_t at = ((y + i) * geometry_.dst_w + x + j) * n_ + o;
          __m512 value = _mm512_add_ps(pair[j], bias);
          if (epilogue.addend != nullptr) value = _mm512_add_ps(value, _mm512_loadu_ps(epilogue.addend + at));
          _mm512_storeu_ps(dst + at, _mm512_min_ps(_mm512_max_ps(value, lowest), highest));
        }
      }
    }
  }
}

void WinogradF32::run(const float* padded, const EpilogueF32& epilogue, int64_t begin, int64_t end, std::byte* scratch,
                      float* dst) const {
  const int64_t across = (geometry_.dst_w + 1) / 2, channels = geometry_.channels, only_run = 0;
  auto* transformed = reinterpret_cast<float*>(scratch);
  float* products = transformed + tiles_at_once_ * kElements * channels;
  for (int64_t first = begin * across; first < end * across; first += tiles_at_once_) {
    const int64_t count = std::min(tiles_at_once_, end * across - first);
    transform_tiles(padded, first, count, transformed);
    for (int e = 0; e < kElements; ++e)
      product({transformed + e * tiles_at_once_ * channels, nullptr, channels, &only_run, 1, channels},
              weights_[static_cast<size_t>(e)], {nullptr, nullptr, -kInfinity, kInfinity}, {0, count},
              products + e * tiles_at_once_ * n_);
    transform_back(products, epilogue, first, count, dst);
  }
}

}  // namespace pare::avx512
