// Tiles of kTile x kLine sums stay in registers while rows go by; both operands are packed so that a tile reads them in order.
#include "compress/outer_products.h"

#include <algorithm>
#include <vector>

#include "base/vectorised.h"

namespace pare {
namespace {

constexpr int64_t kTile = 4;         // columns of a
constexpr int64_t kLineBytes = 128;  // of columns of b
constexpr int64_t kRows = 256;       // that are packed at a time

template <class T>
using Lane __attribute__((vector_size(64))) = T;
template <class T>
inline constexpr int64_t kLine = kLineBytes / static_cast<int64_t>(sizeof(T));

// tile[i][j] = sum over k of a[k][i] * b[k][j].
template <class T>
__attribute__((always_inline)) inline void tile_of(const T* a, const T* b, int64_t rows, T* tile) {
  constexpr int64_t kHalf = kLine<T> / 2;
  Lane<T> sums[kTile][2] = {};
  for (int64_t k = 0; k < rows; ++k, a += kTile, b += kLine<T>) {
    const Lane<T> left = *reinterpret_cast<const Lane<T>*>(b), right = *reinterpret_cast<const Lane<T>*>(b + kHalf);
    for (int64_t i = 0; i < kTile; ++i) {
      sums[i][0] += a[i] * left;
      sums[i][1] += a[i] * right;
    }
  }
  for (int64_t i = 0; i < kTile; ++i)
    for (int64_t half = 0; half < 2; ++half)
      *reinterpret_cast<Lane<T>*>(tile + i * kLine<T> + half * kHalf) = sums[i][half];
}

PARE_VECTORISED void tile_product(const float* a, const float* b, int64_t rows, float* tile) {
  tile_of(a, b, rows, tile);
}
PARE_VECTORISED void tile_product(const double* a, const double* b, int64_t rows, double* tile) {
  tile_of(a, b, rows, tile);
}

// Memory whose first element is aligned like a lane.
template <class T>
class Packed {
 public:
  T* resize(int64_t elements) {
    storage_.resize(static_cast<size_t>(elements) + 64 / sizeof(T));
    const auto at = reinterpret_cast<uintptr_t>(storage_.data());
    return reinterpret_cast<T*>((at + 63) / 64 * 64);
  }

 private:
  std::vector<T> storage_;
};

// Panels of `width` columns, each with its rows one after the other; zeros beyond the last column.
template <class T>
void pack(const RowsView<T>& from, int64_t first, int64_t rows, int64_t width, T* to) {
  for (int64_t begin = 0; begin < from.columns; begin += width)
    for (int64_t k = 0; k < rows; ++k, to += width) {
      const T* row = from.data + (first + k) * from.stride + begin;
      const int64_t there = std::min(width, from.columns - begin);
      std::copy_n(row, there, to);
      std::fill(to + there, to + width, T(0));
    }
}

template <class T>
void add_products(const RowsView<T>& a, const RowsView<T>& b, double scale, Part part, double* sum, int64_t stride) {
  thread_local Packed<T> packed_a, packed_b;
  const int64_t tiles = (a.columns + kTile - 1) / kTile, lines = (b.columns + kLine<T> - 1) / kLine<T>;
  alignas(64) T tile[kTile * kLine<T>];
  for (int64_t first = 0; first < a.rows; first += kRows) {
    const int64_t rows = std::min(kRows, a.rows - first);
    T* a_panels = packed_a.resize(tiles * kTile * rows);
    T* b_panels = packed_b.resize(lines * kLine<T> * rows);
    pack(a, first, rows, kTile, a_panels);
    pack(b, first, rows, kLine<T>, b_panels);
    for (int64_t line = 0; line < lines; ++line) {
      constexpr int64_t kTiles = kLine<T> / kTile;  // as wide as a line
      const int64_t begin = part == Part::LowerTriangle ? line * kTiles : 0,
                    end = part == Part::UpperTriangle ? std::min(tiles, (line + 1) * kTiles) : tiles;
      for (int64_t t = begin; t < end; ++t) {
        tile_product(a_panels + t * kTile * rows, b_panels + line * kLine<T> * rows, rows, tile);
        const int64_t height = std::min(kTile, a.columns - t * kTile),
                      width = std::min(kLine<T>, b.columns - line * kLine<T>);
        for (int64_t i = 0; i < height; ++i) {
          double* to = sum + (t * kTile + i) * stride + line * kLine<T>;
          for (int64_t j = 0; j < width; ++j) to[j] += scale * static_cast<double>(tile[i * kLine<T> + j]);
        }
      }
    }
  }
}

}  // namespace

void add_outer_products(const RowsView<float>& a, const RowsView<float>& b, double scale, Part part, double* sum,
                        int64_t stride) {
  add_products(a, b, scale, part, sum, stride);
}

void add_outer_products(const RowsView<double>& a, const RowsView<double>& b, double scale, Part part, double* sum,
                        int64_t stride) {
  add_products(a, b, scale, part, sum, stride);
}

}  // namespace pare
