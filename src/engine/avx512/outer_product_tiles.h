// The loops that sums of outer products of every element type share. Arithmetic says what a register does:
//   Element                                 one number of a row, or a pair of one column in two rows
//   load(mask, const Element*), broadcast(const Element*), multiply_add(factor, x, sum)
#pragma once

#include <array>
#include <utility>

#include "engine/avx512/lanes.h"
#include "engine/avx512/product.h"

namespace pare::avx512::outer {

inline constexpr int kMostVectors = 4;
// Left numbers of a tile with V vectors of the rows; accumulators are 24 at most, as in products.
constexpr int height_of_tile(int vectors) { return vectors == 1 ? 16 : 24 / vectors; }

struct Columns {
  int64_t run, first;
  __mmask16 last;  // lanes of the last vector that exist
};

template <class A, int M, int V>
void tile(const GatheredRows<typename A::Element>& rows, const Columns& columns, const typename A::Element* left,
          int64_t count, int64_t begin, int64_t end, int64_t dst_step, float* dst) {
  const auto mask = [&columns](int v) { return v == V - 1 ? columns.last : static_cast<__mmask16>(0xFFFF); };
  __m512 sum[M][V];
#pragma GCC unroll 16
  for (int m = 0; m < M; ++m)
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) sum[m][v] = _mm512_setzero_ps();
  const typename A::Element* factor = left + begin * count;
  for (int64_t p = begin; p < end; ++p, factor += count) {
    const typename A::Element* src = rows.at(p, columns.run) + columns.first;
    __m512 x[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) x[v] = A::load(mask(v), src + v * kLanes);
#pragma GCC unroll 16
    for (int m = 0; m < M; ++m) {
      const __m512 f = A::broadcast(factor + m);
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sum[m][v] = A::multiply_add(f, x[v], sum[m][v]);
    }
  }
#pragma GCC unroll 16
  for (int m = 0; m < M; ++m)
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      float* to = dst + m * dst_step + v * kLanes;
      _mm512_mask_storeu_ps(to, mask(v), _mm512_add_ps(_mm512_maskz_loadu_ps(mask(v), to), sum[m][v]));
    }
}

template <class A>
using Tile = void (*)(const GatheredRows<typename A::Element>&, const Columns&, const typename A::Element*, int64_t,
                      int64_t, int64_t, int64_t, float*);
template <class A, int V, int... M>
constexpr auto tiles_of(std::integer_sequence<int, M...>) {
  return std::array<Tile<A>, sizeof...(M)>{tile<A, M + 1, V>...};
}

// Tiles of nearly equal height.
template <class A, int V>
void add_columns(const GatheredRows<typename A::Element>& rows, const Columns& columns, const typename A::Element* left,
                 int64_t count, int64_t begin, int64_t end, float* dst) {
  static constexpr auto of_height = tiles_of<A, V>(std::make_integer_sequence<int, height_of_tile(V)>());
  const int64_t tiles = (count + height_of_tile(V) - 1) / height_of_tile(V), step = rows.run_count * rows.run_length;
  for (int64_t t = 0; t < tiles; ++t) {
    const int64_t from = count * t / tiles, to = count * (t + 1) / tiles;
    of_height[static_cast<size_t>(to - from - 1)](rows, columns, left + from, count, begin, end, step,
                                                  dst + from * step);
  }
}

// See add_outer_products().
template <class A>
void add(const GatheredRows<typename A::Element>& rows, const typename A::Element* left, int64_t count, int64_t begin,
         int64_t end, float* dst) {
  const int64_t vectors = (rows.run_length + kLanes - 1) / kLanes, blocks = (vectors + kMostVectors - 1) / kMostVectors;
  for (int64_t run = 0; run < rows.run_count; ++run)
    for (int64_t b = 0; b < blocks; ++b) {
      const int64_t first = vectors * b / blocks, behind = vectors * (b + 1) / blocks;
      const Columns columns{run, first * kLanes, mask_of(rows.run_length - (behind - 1) * kLanes)};
      float* at = dst + run * rows.run_length + columns.first;
      switch (behind - first) {
        case 1: add_columns<A, 1>(rows, columns, left, count, begin, end, at); break;
        case 2: add_columns<A, 2>(rows, columns, left, count, begin, end, at); break;
        case 3: add_columns<A, 3>(rows, columns, left, count, begin, end, at); break;
        default: add_columns<A, 4>(rows, columns, left, count, begin, end, at); break;
      }
    }
}

}  // namespace pare::avx512::outer
