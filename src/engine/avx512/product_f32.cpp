#include "engine/avx512/product_f32.h"

#include <immintrin.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace pare::avx512 {
namespace {

constexpr int64_t kLanes = 16;
constexpr int kMostVectors = 4;

// One tile: M rows by V vectors of columns, accumulated in M * V registers. M * V stays at 24, which hides the latency of the
// multiply-add and leaves room for V weights and a broadcast.
// Whole says that every column of the block exists, so that nothing needs a mask.
template <int M, int V, bool Whole>
void tile(const GatheredRows& rows, int64_t first_row, const PackedF32::Block& block, const EpilogueF32& epilogue, int64_t n, float* dst) {
  const __mmask16 last = Whole ? 0xFFFF : static_cast<__mmask16>((1u << (n - block.first - (V - 1) * kLanes)) - 1);
  const auto mask = [last](int v) { return v == V - 1 ? last : static_cast<__mmask16>(0xFFFF); };
  __m512 sum[M][V];
#pragma GCC unroll 4
  for (int v = 0; v < V; ++v) {
    const __m512 bias = epilogue.bias == nullptr ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(mask(v), epilogue.bias + block.first + v * kLanes);
#pragma GCC unroll 24
    for (int m = 0; m < M; ++m) sum[m][v] = bias;
  }
  const float* weights = block.data;
  for (int64_t r = 0; r < rows.run_count; ++r) {
    const float* src[M];
#pragma GCC unroll 24
    for (int m = 0; m < M; ++m)
      src[m] = rows.base + rows.runs[r] + (rows.rows == nullptr ? (first_row + m) * rows.row_stride : rows.rows[first_row + m]);
    for (int64_t k = 0; k < rows.run_length; ++k, weights += V * kLanes) {
      __m512 w[V];
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) w[v] = _mm512_load_ps(weights + v * kLanes);
#pragma GCC unroll 24
      for (int m = 0; m < M; ++m) {
        const __m512 x = _mm512_set1_ps(src[m][k]);
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) sum[m][v] = _mm512_fmadd_ps(x, w[v], sum[m][v]);
      }
    }
  }
  const __m512 lowest = _mm512_set1_ps(epilogue.lowest), highest = _mm512_set1_ps(epilogue.highest);
  float* out = dst + first_row * n + block.first;
  const float* addend = epilogue.addend == nullptr ? nullptr : epilogue.addend + first_row * n + block.first;
#pragma GCC unroll 24
  for (int m = 0; m < M; ++m)
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      const int64_t at = m * n + v * kLanes;
      if (addend != nullptr) sum[m][v] = _mm512_add_ps(sum[m][v], _mm512_maskz_loadu_ps(mask(v), addend + at));
      _mm512_mask_storeu_ps(out + at, mask(v), _mm512_min_ps(_mm512_max_ps(sum[m][v], lowest), highest));
    }
}

using Tile = void (*)(const GatheredRows&, int64_t, const PackedF32::Block&, const EpilogueF32&, int64_t, float*);

template <int V, bool Whole, int... M>
constexpr auto tiles_of(std::integer_sequence<int, M...>) {
  return std::array<Tile, sizeof...(M)>{tile<M + 1, V, Whole>...};
}
constexpr int rows_of_tile(int vectors) { return vectors == 1 ? 16 : 24 / vectors; }
template <int V, bool Whole>
constexpr auto kTiles = tiles_of<V, Whole>(std::make_integer_sequence<int, rows_of_tile(V)>());

template <int V>
void block_rows(const GatheredRows& rows, const PackedF32::Block& block, const EpilogueF32& epilogue, int64_t n, int64_t m_begin, int64_t m_end,
                float* dst) {
  constexpr int64_t kRows = rows_of_tile(V);
  const auto& of_height = block.first + V * kLanes <= n ? kTiles<V, true> : kTiles<V, false>;
  // Tiles of nearly equal height, so that none is too short to hide latency.
  const int64_t tiles = (m_end - m_begin + kRows - 1) / kRows;
  for (int64_t t = 0; t < tiles; ++t) {
    const int64_t from = m_begin + (m_end - m_begin) * t / tiles, to = m_begin + (m_end - m_begin) * (t + 1) / tiles;
    of_height[static_cast<size_t>(to - from - 1)](rows, from, block, epilogue, n, dst);
  }
}

}  // namespace

PackedF32::PackedF32(const float* weights, int64_t n, int64_t k) : n_(n), k_(k) {
  const int64_t vectors = (n + kLanes - 1) / kLanes;
  data_ = AlignedBytes(static_cast<size_t>(vectors * kLanes * k) * sizeof(float));
  auto* out = reinterpret_cast<float*>(data_.data());
  // As many blocks as needed, of nearly equal width.
  const int64_t blocks = (vectors + kMostVectors - 1) / kMostVectors;
  for (int64_t b = 0; b < blocks; ++b) {
    const int64_t from = vectors * b / blocks, to = vectors * (b + 1) / blocks;
    blocks_.push_back({from * kLanes, static_cast<int>(to - from), out});
    for (int64_t i = 0; i < k; ++i)
      for (int64_t column = from * kLanes; column < to * kLanes; ++column) *out++ = column < n ? weights[column * k + i] : 0.f;
  }
}

void product_f32(const GatheredRows& rows, const PackedF32& weights, const EpilogueF32& epilogue, int64_t m_begin, int64_t m_end, float* dst) {
  for (const PackedF32::Block& block : weights.blocks()) {
    switch (block.vectors) {
      case 1: block_rows<1>(rows, block, epilogue, weights.n(), m_begin, m_end, dst); break;
      case 2: block_rows<2>(rows, block, epilogue, weights.n(), m_begin, m_end, dst); break;
      case 3: block_rows<3>(rows, block, epilogue, weights.n(), m_begin, m_end, dst); break;
      default: block_rows<4>(rows, block, epilogue, weights.n(), m_begin, m_end, dst); break;
    }
  }
}

}  // namespace pare::avx512
