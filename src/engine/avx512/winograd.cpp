#include "engine/avx512/winograd.h"

#include <algorithm>
#include <limits>

#include "engine/avx512/lanes.h"
#include "engine/avx512/outer_products.h"
#include "engine/avx512/transpose.h"
#include "engine/avx512/winograd_tiles.h"

namespace pare::avx512 {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr int64_t kOnlyRun = 0;

// Transformed tiles and their products together stay in the second-level cache, mostly in the first.
constexpr int64_t kBlockBytes = 96 << 10;

WindowGeometry filled_up(WindowGeometry g, int64_t results) {
  const auto whole = [results](int64_t extent) { return (extent + results - 1) / results * results + 2; };
  g.pad_h.after = whole(g.dst_h) - g.src_h - g.pad_h.before;
  g.pad_w.after = whole(g.dst_w) - g.src_w - g.pad_w.before;
  return g;
}

// F is the transform along one axis (winograd_tiles.h); both axes have the same.
template <class F>
class WinogradOf final : public Winograd {
  static constexpr int kSide = F::kSide, kResults = F::kResults, kProducts = kSide * kSide;

 public:
  WinogradOf(const WindowGeometry& geometry, int64_t n) : Winograd(geometry, n, kResults) {}

  void transform_filters(const float* weights, const WeightPlaces& places, int64_t begin, int64_t end,
                         float* transformed) const override {
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
          __m512 filters[kLanes][kProducts];
          for (int64_t i = 0; i < kLanes; ++i) transform_filter(from + i * next, places.run, places.tap, filters[i]);
          for (int e = 0; e < kProducts; ++e) {
            __m512 rows[kLanes];
            for (int64_t i = 0; i < kLanes; ++i) rows[i] = filters[i][e];
            if (places.column != 1) transpose(rows);
            for (int64_t i = 0; i < kLanes; ++i) _mm512_storeu_ps(to + e * matrix + i * step, rows[i]);
          }
        }
      }
  }

  void run(const float* padded, const float* filters, const EpilogueF32& epilogue, int64_t begin, int64_t end,
           std::byte* scratch, float* dst) const override {
    const int64_t across = tiles_across(), channels = geometry_.channels;
    auto* transformed = reinterpret_cast<float*>(scratch);
    float* products = transformed + tiles_at_once_ * kProducts * channels;
    for (int64_t first = begin * across; first < end * across; first += tiles_at_once_) {
      const int64_t count = std::min(tiles_at_once_, end * across - first);
      transform_tiles(padded, first, count, transformed);
      for (int e = 0; e < kProducts; ++e)
        product({transformed + e * tiles_at_once_ * channels, nullptr, channels, &kOnlyRun, 1, channels}, layout_,
                filters + e * layout_.elements(), {nullptr, nullptr, -kInfinity, kInfinity}, {0, count},
                products + e * tiles_at_once_ * n_);
      transform_back(products, epilogue, first, count, dst);
    }
  }

  void add_filter_gradient(const float* padded, const float* ddst, int64_t begin, int64_t end, std::byte* scratch,
                           float* sums) const override {
    const int64_t across = tiles_across(), channels = geometry_.channels;
    auto* tiles = reinterpret_cast<float*>(scratch);
    float* gradients = tiles + tiles_at_once_ * kProducts * channels;
    for (int64_t first = begin * across; first < end * across; first += tiles_at_once_) {
      const int64_t count = std::min(tiles_at_once_, end * across - first);
      transform_tiles(padded, first, count, tiles);
      transform_gradients(ddst, first, count, gradients);
      for (int e = 0; e < kProducts; ++e)
        add_outer_products({tiles + e * tiles_at_once_ * channels, nullptr, channels, &kOnlyRun, 1, channels},
                           gradients + e * tiles_at_once_ * n_, n_, 0, count, sums + e * n_ * channels);
    }
  }

  void filter_gradient(const float* sums, int64_t begin, int64_t end, float* dst) const override {
    const int64_t channels = geometry_.channels, matrix = n_ * channels;
    for (int64_t o = begin; o < end; ++o)
      for (int64_t c = 0; c < channels; c += kLanes) {
        const float* in = sums + o * channels + c;
        __m512 columns[kSide][3];
#pragma GCC unroll 6
        for (int j = 0; j < kSide; ++j) {
          __m512 column[kSide];
#pragma GCC unroll 6
          for (int i = 0; i < kSide; ++i) column[i] = _mm512_loadu_ps(in + (i * kSide + j) * matrix);
          F::filter_gradient(column, columns[j]);
        }
#pragma GCC unroll 3
        for (int i = 0; i < 3; ++i) {
          __m512 row[kSide], taps[3];
#pragma GCC unroll 6
          for (int j = 0; j < kSide; ++j) row[j] = columns[j][i];
          F::filter_gradient(row, taps);
#pragma GCC unroll 3
          for (int j = 0; j < 3; ++j) _mm512_storeu_ps(dst + ((o * 3 + i) * 3 + j) * channels + c, taps[j]);
        }
      }
  }

 private:
  // G g G^T for 16 filters at once; the taps of a row are `tap` apart, rows `run`.
  static void transform_filter(const float* g, int64_t run, int64_t tap, __m512 (&out)[kProducts]) {
    __m512 columns[3][kSide];
#pragma GCC unroll 3
    for (int j = 0; j < 3; ++j) {
      const float* top = g + j * tap;
      F::filter({_mm512_loadu_ps(top), _mm512_loadu_ps(top + run), _mm512_loadu_ps(top + 2 * run)}, columns[j]);
    }
#pragma GCC unroll 6
    for (int i = 0; i < kSide; ++i) {
      __m512 row[kSide];
      F::filter({columns[0][i], columns[1][i], columns[2][i]}, row);
#pragma GCC unroll 6
      for (int j = 0; j < kSide; ++j) out[kSide * i + j] = row[j];
    }
  }

  // B^T d B for tiles [first, first + count) of the image, counted row by row.
  void transform_tiles(const float* padded, int64_t first, int64_t count, float* transformed) const {
    const int64_t channels = geometry_.channels, across = tiles_across(), row = padded_.padded_w() * channels;
    const int64_t matrix = tiles_at_once_ * channels;  // elements between two matrices
    for (int64_t t = 0; t < count; ++t) {
      const float* corner = padded + (first + t) / across * kResults * row + (first + t) % across * kResults * channels;
      for (int64_t c = 0; c < channels; c += kLanes) {
        __m512 d[kSide][kSide];
#pragma GCC unroll 6
        for (int j = 0; j < kSide; ++j) {
          __m512 column[kSide];
#pragma GCC unroll 6
          for (int i = 0; i < kSide; ++i) column[i] = _mm512_loadu_ps(corner + i * row + j * channels + c);
          F::image(column);
#pragma GCC unroll 6
          for (int i = 0; i < kSide; ++i) d[i][j] = column[i];
        }
        float* out = transformed + t * channels + c;
#pragma GCC unroll 6
        for (int i = 0; i < kSide; ++i) {
          F::image(d[i]);
#pragma GCC unroll 6
          for (int j = 0; j < kSide; ++j) _mm512_storeu_ps(out + (i * kSide + j) * matrix, d[i][j]);
        }
      }
    }
  }

  // A^T m A, and the epilogue.
  void transform_back(const float* products, const EpilogueF32& epilogue, int64_t first, int64_t count,
                      float* dst) const {
    const int64_t across = tiles_across(), matrix = tiles_at_once_ * n_;
    const __m512 lowest = _mm512_set1_ps(epilogue.lowest), highest = _mm512_set1_ps(epilogue.highest);
    for (int64_t t = 0; t < count; ++t) {
      const int64_t y = (first + t) / across * kResults, x = (first + t) % across * kResults;
      const int rows = static_cast<int>(std::min<int64_t>(kResults, geometry_.dst_h - y));
      const int columns = static_cast<int>(std::min<int64_t>(kResults, geometry_.dst_w - x));
      for (int64_t o = 0; o < n_; o += kLanes) {
        const float* in = products + t * n_ + o;
        __m512 half[kResults][kSide];
#pragma GCC unroll 6
        for (int j = 0; j < kSide; ++j) {
          __m512 column[kSide], results[kResults];
#pragma GCC unroll 6
          for (int i = 0; i < kSide; ++i) column[i] = _mm512_loadu_ps(in + (i * kSide + j) * matrix);
          F::results(column, results);
#pragma GCC unroll 4
          for (int i = 0; i < kResults; ++i) half[i][j] = results[i];
        }
        const __m512 bias = epilogue.bias == nullptr ? _mm512_setzero_ps() : _mm512_loadu_ps(epilogue.bias + o);
        for (int i = 0; i < rows; ++i) {
          __m512 results[kResults];
          F::results(half[i], results);
          for (int j = 0; j < columns; ++j) {
            const int64_t at = ((y + i) * geometry_.dst_w + x + j) * n_ + o;
            __m512 value = _mm512_add_ps(results[j], bias);
            if (epilogue.addend != nullptr) value = _mm512_add_ps(value, _mm512_loadu_ps(epilogue.addend + at));
            _mm512_storeu_ps(dst + at, _mm512_min_ps(_mm512_max_ps(value, lowest), highest));
          }
        }
      }
    }
  }

  // A dY A^T.
  void transform_gradients(const float* ddst, int64_t first, int64_t count, float* transformed) const {
    const int64_t across = tiles_across(), matrix = tiles_at_once_ * n_;
    for (int64_t t = 0; t < count; ++t) {
      const int64_t y = (first + t) / across * kResults, x = (first + t) % across * kResults;
      for (int64_t o = 0; o < n_; o += kLanes) {
        __m512 columns[kResults][kSide];
#pragma GCC unroll 4
        for (int j = 0; j < kResults; ++j) {
          __m512 column[kResults];
#pragma GCC unroll 4
          for (int i = 0; i < kResults; ++i)
            column[i] = y + i < geometry_.dst_h && x + j < geometry_.dst_w
                            ? _mm512_loadu_ps(ddst + ((y + i) * geometry_.dst_w + x + j) * n_ + o)
                            : _mm512_setzero_ps();
          F::gradients(column, columns[j]);
        }
        float* out = transformed + t * n_ + o;
#pragma GCC unroll 6
        for (int i = 0; i < kSide; ++i) {
          __m512 row[kResults], products[kSide];
#pragma GCC unroll 4
          for (int j = 0; j < kResults; ++j) row[j] = columns[j][i];
          F::gradients(row, products);
#pragma GCC unroll 6
          for (int j = 0; j < kSide; ++j) _mm512_storeu_ps(out + (i * kSide + j) * matrix, products[j]);
        }
      }
    }
  }
};

}  // namespace

Winograd::Winograd(const WindowGeometry& geometry, int64_t n, int64_t results)
    : geometry_(geometry),
      padded_(filled_up(geometry, results)),
      n_(n),
      results_(results),
      products_((results + 2) * (results + 2)),
      layout_(n, 1, geometry.channels) {
  const int64_t tile_bytes = products_ * (geometry.channels + n) * static_cast<int64_t>(sizeof(float));
  tiles_at_once_ = std::max<int64_t>(12, kBlockBytes / tile_bytes / 12 * 12);  // whole product tiles
}

std::shared_ptr<const Winograd> make_winograd(const WindowGeometry& geometry, int64_t n, WinogradTile tile) {
  if (tile == WinogradTile::Two) return std::make_shared<WinogradOf<F2>>(geometry, n);
  return std::make_shared<WinogradOf<F4>>(geometry, n);
}

}  // namespace pare::avx512
