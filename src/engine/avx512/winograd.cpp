#include "engine/avx512/winograd.h"

#include <limits>

#include "engine/avx512/lanes.h"
#include "engine/avx512/outer_products.h"
#include "engine/avx512/transpose.h"

namespace pare::avx512 {
namespace {

constexpr int kElements = 16;  // of a transformed tile
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Transformed tiles and their products together stay in the second-level cache, mostly in the first.
constexpr int64_t kBlockBytes = 96 << 10;

// G x for a column or row of three vectors.
void transform3(__m512 a, __m512 b, __m512 c, __m512 (&out)[4]) {
  const __m512 half = _mm512_set1_ps(0.5f), sum = _mm512_add_ps(a, c);
  out[0] = a;
  out[1] = _mm512_mul_ps(half, _mm512_add_ps(sum, b));
  out[2] = _mm512_mul_ps(half, _mm512_sub_ps(sum, b));
  out[3] = c;
}

// G g G^T for 16 filters at once; the taps of a row are `tap` apart, rows `run`.
void transform_filter(const float* g, int64_t run, int64_t tap, __m512 (&out)[kElements]) {
  __m512 columns[3][4];
#pragma GCC unroll 3
  for (int j = 0; j < 3; ++j)
    transform3(_mm512_loadu_ps(g + j * tap), _mm512_loadu_ps(g + run + j * tap), _mm512_loadu_ps(g + 2 * run + j * tap),
               columns[j]);
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    __m512 row[4];
    transform3(columns[0][i], columns[1][i], columns[2][i], row);
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) out[4 * i + j] = row[j];
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

// A x for a column or row of two vectors: what A^T takes together, apart again.
void transform2(__m512 a, __m512 b, __m512 (&out)[4]) {
  out[0] = a;
  out[1] = _mm512_add_ps(a, b);
  out[2] = _mm512_sub_ps(a, b);
  out[3] = _mm512_sub_ps(_mm512_setzero_ps(), b);
}

// G^T x for a column or row of four vectors.
void transform_to3(__m512 a, __m512 b, __m512 c, __m512 d, __m512 (&out)[3]) {
  const __m512 half = _mm512_set1_ps(0.5f), sum = _mm512_mul_ps(half, _mm512_add_ps(b, c));
  out[0] = _mm512_add_ps(a, sum);
  out[1] = _mm512_mul_ps(half, _mm512_sub_ps(b, c));
  out[2] = _mm512_add_ps(sum, d);
}

}  // namespace

WinogradF32::WinogradF32(const WindowGeometry& geometry, int64_t n)
    : geometry_(geometry), padded_(filled_up(geometry)), n_(n), layout_(n, 1, geometry.channels) {
  const int64_t tile_bytes = kElements * (geometry.channels + n) * static_cast<int64_t>(sizeof(float));
  tiles_at_once_ = std::max<int64_t>(12, kBlockBytes / tile_bytes / 12 * 12);  // whole product tiles
}

int64_t WinogradF32::weights_elements() const { return kElements * layout_.elements(); }

void WinogradF32::transform_filters(const float* weights, const WeightPlaces& places, int64_t begin, int64_t end,
                                    float* transformed) const {
  const int64_t matrix = layout_.elements();
  for (const PackedF32::Block& block : layout_.blocks())
    for (int v = 0; v < block.vectors; ++v) {
      const int64_t first = block.first + v * kLanes, step = block.vectors * kLanes;
      if (first < begin * kLanes || first >= end * kLanes) continue;
      for (int64_t c = 0; c < places.channels; c += kLanes) {
        const float* from = weights + places.offset + first * places.column + c * places.channel;
        float* to = transformed + block.offset + v * kLanes + c * step;
        // Vectors of channels are turned over into vectors of columns.
        const int64_t next = places.column == 1 ? places.channel : places.column;
        __m512 filters[kLanes][kElements];
        for (int64_t i = 0; i < kLanes; ++i) transform_filter(from + i * next, places.run, places.tap, filters[i]);
        for (int e = 0; e < kElements; ++e) {
          __m512 rows[kLanes];
          for (int64_t i = 0; i < kLanes; ++i) rows[i] = filters[i][e];
          if (places.column != 1) transpose(rows);
          for (int64_t i = 0; i < kLanes; ++i) _mm512_storeu_ps(to + e * matrix + i * step, rows[i]);
        }
      }
    }
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

void WinogradF32::run(const float* padded, const float* filters, const EpilogueF32& epilogue, int64_t begin,
                      int64_t end, std::byte* scratch, float* dst) const {
  const int64_t across = (geometry_.dst_w + 1) / 2, channels = geometry_.channels, only_run = 0;
  auto* transformed = reinterpret_cast<float*>(scratch);
  float* products = transformed + tiles_at_once_ * kElements * channels;
  for (int64_t first = begin * across; first < end * across; first += tiles_at_once_) {
    const int64_t count = std::min(tiles_at_once_, end * across - first);
    transform_tiles(padded, first, count, transformed);
    for (int e = 0; e < kElements; ++e)
      product({transformed + e * tiles_at_once_ * channels, nullptr, channels, &only_run, 1, channels}, layout_,
              filters + e * layout_.elements(), {nullptr, nullptr, -kInfinity, kInfinity}, {0, count},
              products + e * tiles_at_once_ * n_);
    transform_back(products, epilogue, first, count, dst);
  }
}

void WinogradF32::transform_gradients(const float* ddst, int64_t first, int64_t count, float* transformed) const {
  const int64_t across = (geometry_.dst_w + 1) / 2, matrix = tiles_at_once_ * n_;
  for (int64_t t = 0; t < count; ++t) {
    const int64_t y = (first + t) / across * 2, x = (first + t) % across * 2;
    for (int64_t o = 0; o < n_; o += kLanes) {
      const auto at = [&](int i, int j) {
        if (y + i >= geometry_.dst_h || x + j >= geometry_.dst_w) return _mm512_setzero_ps();
        return _mm512_loadu_ps(ddst + ((y + i) * geometry_.dst_w + x + j) * n_ + o);
      };
      __m512 columns[2][4];
#pragma GCC unroll 2
      for (int j = 0; j < 2; ++j) transform2(at(0, j), at(1, j), columns[j]);
      float* out = transformed + t * n_ + o;
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) {
        __m512 row[4];
        transform2(columns[0][i], columns[1][i], row);
#pragma GCC unroll 4
        for (int j = 0; j < 4; ++j) _mm512_storeu_ps(out + (i * 4 + j) * matrix, row[j]);
      }
    }
  }
}

void WinogradF32::add_filter_gradient(const float* padded, const float* ddst, int64_t begin, int64_t end,
                                      std::byte* scratch, float* sums) const {
  const int64_t across = (geometry_.dst_w + 1) / 2, channels = geometry_.channels, only_run = 0;
  auto* tiles = reinterpret_cast<float*>(scratch);
  float* gradients = tiles + tiles_at_once_ * kElements * channels;
  for (int64_t first = begin * across; first < end * across; first += tiles_at_once_) {
    const int64_t count = std::min(tiles_at_once_, end * across - first);
    transform_tiles(padded, first, count, tiles);
    transform_gradients(ddst, first, count, gradients);
    for (int e = 0; e < kElements; ++e)
      add_outer_products({tiles + e * tiles_at_once_ * channels, nullptr, channels, &only_run, 1, channels},
                         gradients + e * tiles_at_once_ * n_, n_, 0, count, sums + e * n_ * channels);
  }
}

void WinogradF32::filter_gradient(const float* sums, int64_t begin, int64_t end, float* dst) const {
  const int64_t channels = geometry_.channels, matrix = n_ * channels;
  for (int64_t o = begin; o < end; ++o)
    for (int64_t c = 0; c < channels; c += kLanes) {
      const float* in = sums + o * channels + c;
      __m512 columns[4][3];
#pragma GCC unroll 4
      for (int j = 0; j < 4; ++j)
        transform_to3(_mm512_loadu_ps(in + j * matrix), _mm512_loadu_ps(in + (4 + j) * matrix),
                      _mm512_loadu_ps(in + (8 + j) * matrix), _mm512_loadu_ps(in + (12 + j) * matrix), columns[j]);
#pragma GCC unroll 3
      for (int i = 0; i < 3; ++i) {
        __m512 row[3];
        transform_to3(columns[0][i], columns[1][i], columns[2][i], columns[3][i], row);
#pragma GCC unroll 3
        for (int j = 0; j < 3; ++j) _mm512_storeu_ps(dst + ((o * 3 + i) * 3 + j) * channels + c, row[j]);
      }
    }
}

}  // namespace pare::avx512
