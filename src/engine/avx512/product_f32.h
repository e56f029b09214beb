// Products of gathered rows with packed weights, in float, for processors with AVX-512: what convolutions and fully connected
// layers come down to on NHWC activations.
//
// Row p of the left matrix is not stored anywhere. It is a sequence of `runs` stretches of memory, each `run_length` floats long:
// for a convolution one stretch for each row of the window, because the pixels under one window row are neighbours in NHWC; for a
// fully connected layer a single one. Stretch r of row p begins at base + rows[p] + runs[r].
#pragma once

#include <cstdint>
#include <vector>

#include "base/tensor.h"

namespace pare::avx512 {

// Weights [n][k] repacked as [block of columns][k][columns of the block], zero-padded to whole vectors of 16.
class PackedF32 {
 public:
  // `weights` is row-major [n][k]: one row for each output channel.
  PackedF32(const float* weights, int64_t n, int64_t k);

  int64_t n() const { return n_; }
  int64_t k() const { return k_; }

  // Column blocks of at most four vectors.
  struct Block {
    int64_t first;       // column
    int vectors;         // 1 to 4
    const float* data;   // [k][16 * vectors]
  };
  const std::vector<Block>& blocks() const { return blocks_; }

 private:
  int64_t n_, k_;
  AlignedBytes data_;
  std::vector<Block> blocks_;
};

struct GatheredRows {
  const float* base;
  const int64_t* rows;  // offset of each row, in floats; null: row p begins at p * row_stride
  int64_t row_stride;
  const int64_t* runs;  // offset of each stretch
  int64_t run_count;
  int64_t run_length;   // run_count * run_length == k
};

struct EpilogueF32 {
  const float* bias = nullptr;      // n values, or null
  const float* addend = nullptr;    // added to the result before the activation, laid out as dst; or null
  float lowest, highest;            // limits of the activation
};

// dst[m][n] for rows [m_begin, m_end); dst is row-major with n columns.
void product_f32(const GatheredRows& rows, const PackedF32& weights, const EpilogueF32& epilogue, int64_t m_begin, int64_t m_end, float* dst);

}  // namespace pare::avx512
