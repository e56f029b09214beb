// The loops that products of every element type share. Arithmetic says what a register does:
//   Element, kStep           as in PackedWeights
//   Result                   element of dst
//   Epilogue                 see product.h
//   Register, begin(epilogue, column, mask), broadcast(const Element*), multiply_add(x, w, sum)
//   finish(sum, epilogue, column, mask, dst index, dst)
#pragma once

#include <algorithm>
#include <array>
#include <utility>

#include "engine/avx512/lanes.h"
#include "engine/avx512/product.h"

namespace pare::avx512 {

// Rows of a tile with V vectors of columns. 24 accumulators hide the latency of the multiply-add and leave room for V weights and a
// broadcast; with one vector, loads are the limit and fewer do.
constexpr int rows_of_tile(int vectors) { return vectors == 1 ? 16 : 24 / vectors; }

// The columns of a block: the first, and their weights.
template <class A>
struct Columns {
  int64_t first;
  const typename A::Element* weights;
};

// One tile: M rows by V vectors of columns, accumulated in registers. Whole says that every column exists, so that no mask is needed.
template <class A, int M, int V, bool Whole>
void tile(const GatheredRows<typename A::Element>& rows, int64_t first_row, const Columns<A>& block,
          const typename A::Epilogue& epilogue, int64_t n, typename A::Result* dst) {
  const __mmask16 last = Whole ? 0xFFFF : static_cast<__mmask16>((1u << (n - block.first - (V - 1) * kLanes)) - 1);
  const auto mask = [last](int v) { return v == V - 1 ? last : static_cast<__mmask16>(0xFFFF); };
  typename A::Register sum[M][V];
#pragma GCC unroll 4
  for (int v = 0; v < V; ++v) {
    const typename A::Register start = A::begin(epilogue, block.first + v * kLanes, mask(v));
#pragma GCC unroll 24
    for (int m = 0; m < M; ++m) sum[m][v] = start;
  }
  const typename A::Element* weights = block.weights;
  for (int64_t r = 0; r < rows.run_count; ++r) {
    const typename A::Element* src[M];
#pragma GCC unroll 24
    for (int m = 0; m < M; ++m) src[m] = rows.at(first_row + m, r);
    for (int64_t k = 0; k < rows.run_length; k += A::kStep, weights += V * kLanes * A::kStep) {
      typename A::Register w[V];
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) w[v] = A::load(weights + v * kLanes * A::kStep);
#pragma GCC unroll 24
      for (int m = 0; m < M; ++m) {
        const typename A::Register x = A::broadcast(src[m] + k);
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) sum[m][v] = A::multiply_add(x, w[v], sum[m][v]);
      }
    }
  }
#pragma GCC unroll 4
  for (int v = 0; v < V; ++v) {
    const typename A::Finish finish(epilogue, block.first + v * kLanes, mask(v));
#pragma GCC unroll 24
    for (int m = 0; m < M; ++m) finish.store(sum[m][v], (first_row + m) * n + block.first + v * kLanes, dst);
  }
}

template <class A>
using Tile = void (*)(const GatheredRows<typename A::Element>&, int64_t, const Columns<A>&, const typename A::Epilogue&,
                      int64_t, typename A::Result*);

template <class A, int V, bool Whole, int... M>
constexpr auto tiles_of(std::integer_sequence<int, M...>) {
  return std::array<Tile<A>, sizeof...(M)>{tile<A, M + 1, V, Whole>...};
}
// By height, from one row up.
template <class A, int V, bool Whole>
inline constexpr auto kTiles = tiles_of<A, V, Whole>(std::make_integer_sequence<int, rows_of_tile(V)>());

template <class A, int V>
void block_product(const GatheredRows<typename A::Element>& rows, const Columns<A>& block,
                   const typename A::Epilogue& epilogue, int64_t n, int64_t begin, int64_t end,
                   typename A::Result* dst) {
  constexpr int64_t kRows = rows_of_tile(V);
  const auto& of_height = block.first + V * kLanes <= n ? kTiles<A, V, true> : kTiles<A, V, false>;
  // Tiles of nearly equal height, so that none is too short to hide latency.
  const int64_t tiles = (end - begin + kRows - 1) / kRows;
  const int64_t height = tiles == 0 ? 0 : (end - begin) / tiles, taller = end - begin - height * tiles;
  int64_t from = begin;
  for (int64_t t = 0; t < tiles; ++t) {
    const int64_t rows_here = height + (t < taller ? 1 : 0);
    of_height[static_cast<size_t>(rows_here - 1)](rows, from, block, epilogue, n, dst);
    from += rows_here;
  }
}

template <class A>
void tiled_product(const GatheredRows<typename A::Element>& rows, const typename A::Packed& weights,
                   const typename A::Element* packed, const typename A::Epilogue& epilogue, const Region& region,
                   typename A::Result* dst) {
  const int64_t end_block = std::min(region.end_block, static_cast<int64_t>(weights.blocks().size()));
  for (int64_t b = region.first_block; b < end_block; ++b) {
    const auto& block = weights.blocks()[static_cast<size_t>(b)];
    const Columns<A> columns{block.first, packed + block.offset};
    const auto run = [&](auto product) {
      product(rows, columns, epilogue, weights.n(), region.begin, region.end, dst);
    };
    switch (block.vectors) {
      case 1: run(block_product<A, 1>); break;
      case 2: run(block_product<A, 2>); break;
      case 3: run(block_product<A, 3>); break;
      default: run(block_product<A, 4>); break;
    }
  }
}

}  // namespace pare::avx512
