// Products of gathered rows with packed weights, for processors with AVX-512: what convolutions and fully connected layers come
// down to on NHWC activations.
//
// Row p of the left matrix is not stored anywhere. It is a sequence of stretches of memory, each `run_length` elements long: for a
// convolution one stretch for each row of the window, because the pixels under one window row are neighbours in NHWC; for a fully
// connected layer a single one. Stretch r of row p begins at base + rows[p] + runs[r].
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "base/tensor.h"
#include "engine/avx512/bfloat16.h"

namespace pare::avx512 {

template <class Element>
struct GatheredRows {
  const Element* base;
  const int64_t* rows;  // offset of each row, in elements; null: row p begins at p * row_stride
  int64_t row_stride;
  const int64_t* runs;  // offset of each stretch
  int64_t run_count;
  int64_t run_length;

  const Element* at(int64_t row, int64_t run) const {
    return base + runs[run] + (rows == nullptr ? row * row_stride : rows[row]);
  }
};

// Weights [n][run_count][run_length] repacked as [block of columns][run][step][column of the block][element of the step]. A step
// is as many elements as one instruction takes from a row: 1 float, 2 of bfloat16, 4 bytes. Stretches are filled up to whole steps and columns to
// whole vectors of 16 with zeros.
template <class ElementType, int kStep>
class PackedWeights {
 public:
  static constexpr int kElementsOfStep = kStep;
  using Element = ElementType;

  // Only the places; the weights are packed elsewhere, while running (pack.h).
  PackedWeights(int64_t n, int64_t run_count, int64_t run_length);
  PackedWeights(const Element* weights, int64_t n, int64_t run_count, int64_t run_length);

  int64_t n() const { return n_; }
  int64_t elements() const { return elements_; }
  const Element* data() const { return reinterpret_cast<const Element*>(data_.data()); }

  // At most four vectors of columns.
  struct Block {
    int64_t first;   // column
    int vectors;     // 1 to 4
    int64_t offset;  // of its [run][step][16 * vectors][kStep]
  };
  const std::vector<Block>& blocks() const { return blocks_; }

 private:
  int64_t n_, elements_;
  AlignedBytes data_;
  std::vector<Block> blocks_;
};

using PackedF32 = PackedWeights<float, 1>;
using PackedBF16 = PackedWeights<BFloat16, 2>;
using PackedI8 = PackedWeights<int8_t, 4>;

// The part of a product to compute: rows [begin, end), and of the columns the blocks [first_block, end_block).
struct Region {
  int64_t begin, end;
  int64_t first_block = 0, end_block = std::numeric_limits<int64_t>::max();
};

struct EpilogueF32 {
  const float* bias;    // n values, or null
  const float* addend;  // added to the result before the limits, laid out as dst; or null
  float lowest, highest;
};

// dst[m][n] = limit(bias[n] + sum over k of row(m)[k] * weights[n][k] + addend[m][n]) over the region; dst has n columns.
void product(const GatheredRows<float>& rows, const PackedF32& weights, const EpilogueF32& epilogue,
             const Region& region, float* dst);
// The same with weights that lie elsewhere, in the places of `weights`.
void product(const GatheredRows<float>& rows, const PackedF32& weights, const float* packed,
             const EpilogueF32& epilogue, const Region& region, float* dst);

// The same of numbers of 16 bits, with sums in float. Stretches are of even length.
void product(const GatheredRows<BFloat16>& rows, const PackedBF16& weights, const BFloat16* packed,
             const EpilogueF32& epilogue, const Region& region, float* dst);

struct EpilogueI8 {
  const int32_t* bias;  // n values: bias - (zero point of the rows + 128) * sum of the column's weights
  const float* scales;  // n values: scale of rows * scale of weights / scale of dst
  int32_t zero_point;   // of dst
  int32_t lowest, highest;
};

// dst[m][n] = limit(round(scales[n] * accumulator) + zero_point), the accumulator in 32-bit integers. Rows are signed bytes; the
// instruction wants unsigned ones, so 128 is added to each on the way, which EpilogueI8::bias takes back.
// Reads up to 3 bytes behind a stretch whose length is not a multiple of 4.
void product(const GatheredRows<int8_t>& rows, const PackedI8& weights, const EpilogueI8& epilogue,
             const Region& region, int8_t* dst);

// For float results of rows that were quantised while running: the sum is corrected for the rows' zero point and scaled.
struct EpilogueDynamic {
  const int32_t* sums;         // n values: sum of the column's weights
  const float* weight_scales;  // n values
  const float* bias;           // n values, or null
  int32_t shift;               // -(zero point of the rows + 128)
  float scale;                 // of the rows
  float lowest, highest;
};

// dst[m][n] = limit(scale * weight_scales[n] * (sum over k of (row(m)[k] - zero point) * weights[n][k]) + bias[n])
void product(const GatheredRows<int8_t>& rows, const PackedI8& weights, const EpilogueDynamic& epilogue,
             const Region& region, float* dst);

}  // namespace pare::avx512
