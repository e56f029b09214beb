// Patterns that the zeros of a tensor form: whole blocks, and N of M.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/shape.h"

namespace pare {

// Zeros in whole blocks of so many output channels (first axis) by input channels (last axis); blocks at an edge may be smaller.
struct ZeroBlocks {
  int64_t rows = 1, columns = 1;
  int64_t zeros = 0;  // that lie in such blocks

  std::string to_string() const;  // "1x4", as `--block` takes it
};

// At most `n` of every `m` neighbours along the last axis, the input channels, are not zero.
struct ZeroNofM {
  int64_t n = 0, m = 0;

  std::string to_string() const;  // "2:4", as `--n-of-m` takes it
};

// Which weights are zero, row-major in the order of the tensor.
struct ZeroMap {
  Shape shape;
  std::vector<uint8_t> is_zero;
};

// Zeros that a pattern leaves over: rounding to integers makes weights zero here and there.
enum class StrayZeros { None, Few };

// The largest blocks, of extents that are powers of two, in which the zeros lie. With few strays that is at least half of the zeros, and
// at most a fifth of the weights outside of blocks are zero. Nothing where they lie singly, or are fewer than one weight in twenty.
std::optional<ZeroBlocks> find_zero_blocks(const ZeroMap& zeros, StrayZeros strays);

// The smallest share n / m of 1/2, 1/4, 1/8 and so on that holds everywhere, and the smallest m up to 16 that has it.
std::optional<ZeroNofM> find_n_of_m(const ZeroMap& zeros);

}  // namespace pare
