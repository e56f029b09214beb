#include "compress/zero_patterns.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace pare {
namespace {

constexpr int64_t kLargestExtent = 32;

// Blocks of a size over a tensor seen as rows x middle x columns, row-major, and which of them are zero throughout.
struct BlockMap {
  int64_t rows, middle, columns;
  std::vector<uint8_t> is_zero;

  const uint8_t* at(int64_t row, int64_t m) const { return is_zero.data() + (row * middle + m) * columns; }
};

BlockMap halved_rows(const BlockMap& map) {
  BlockMap half{(map.rows + 1) / 2, map.middle, map.columns, {}};
  half.is_zero.reserve(static_cast<size_t>(half.rows * half.middle * half.columns));
  for (int64_t row = 0; row < map.rows; row += 2)
    for (int64_t m = 0; m < map.middle; ++m) {
      const uint8_t* first = map.at(row, m);
      const uint8_t* second = row + 1 < map.rows ? map.at(row + 1, m) : first;
      for (int64_t c = 0; c < map.columns; ++c) half.is_zero.push_back(first[c] & second[c]);
    }
  return half;
}

BlockMap halved_columns(const BlockMap& map) {
  BlockMap half{map.rows, map.middle, (map.columns + 1) / 2, {}};
  half.is_zero.reserve(static_cast<size_t>(half.rows * half.middle * half.columns));
  for (int64_t row = 0; row < map.rows; ++row)
    for (int64_t m = 0; m < map.middle; ++m) {
      const uint8_t* line = map.at(row, m);
      for (int64_t c = 0; c < map.columns; c += 2)
        half.is_zero.push_back(line[c] & line[std::min(c + 1, map.columns - 1)]);
    }
  return half;
}

// Weights in blocks that are zero, of blocks of these extents over that many rows and columns of weights.
int64_t zeros_in(const BlockMap& map, const ZeroBlocks& block, int64_t rows, int64_t columns) {
  int64_t zeros = 0;
  for (int64_t row = 0; row < map.rows; ++row) {
    const int64_t height = std::min(block.rows, rows - row * block.rows);
    for (int64_t m = 0; m < map.middle; ++m) {
      const uint8_t* line = map.at(row, m);
      const int64_t last = columns - (map.columns - 1) * block.columns;  // extent of the last block
      const int64_t whole = std::count(line, line + map.columns - 1, 1);
      zeros += height * (whole * block.columns + (line[map.columns - 1] != 0 ? last : 0));
    }
  }
  return zeros;
}

}  // namespace

std::string ZeroBlocks::to_string() const { return fmt::format("{}x{}", rows, columns); }
std::string ZeroNofM::to_string() const { return fmt::format("{}:{}", n, m); }

std::optional<ZeroBlocks> find_zero_blocks(const ZeroMap& zeros, StrayZeros strays) {
  const Shape& shape = zeros.shape;
  const int64_t all = std::ranges::count(zeros.is_zero, 1), weights = shape.elements();
  constexpr int64_t kFew = 20;  // fewer than one of so many say nothing
  if (shape.rank() < 2 || all == 0 || all * kFew < weights) return {};
  const int64_t rows = shape[0], columns = shape[shape.rank() - 1];
  const auto explains = [&](int64_t in_blocks) {
    if (strays == StrayZeros::None) return in_blocks == all;
    return 2 * in_blocks >= all && 5 * (all - in_blocks) <= weights - in_blocks;
  };
  std::optional<ZeroBlocks> largest;
  BlockMap tall{rows, shape.elements(1, shape.rank() - 1), columns, zeros.is_zero};
  for (int64_t height = 1;; height *= 2) {
    BlockMap map = tall;
    for (int64_t width = 1;; width *= 2) {
      ZeroBlocks block{height, width, 0};
      block.zeros = zeros_in(map, block, rows, columns);
      if (!explains(block.zeros)) break;  // wider ones explain no more
      if (height * width > (largest ? largest->rows * largest->columns : 1)) largest = block;
      if (width == kLargestExtent || 2 * width > columns) break;
      map = halved_columns(map);
    }
    if (height == kLargestExtent || 2 * height > rows) return largest;
    tall = halved_rows(tall);
    if (!explains(zeros_in(tall, {2 * height, 1, 0}, rows, columns))) return largest;
  }
}

std::optional<ZeroNofM> find_n_of_m(const ZeroMap& zeros) {
  const Shape& shape = zeros.shape;
  if (shape.rank() < 2 || shape.elements() == 0) return {};
  const int64_t columns = shape[shape.rank() - 1], lines = shape.elements() / columns;
  std::optional<ZeroNofM> best;
  for (int64_t m = 2; m <= 16 && m <= columns; m *= 2) {
    int64_t most = 1;
    for (int64_t line = 0; line < lines && 2 * most <= m; ++line)
      for (int64_t begin = 0; begin < columns; begin += m) {
        const uint8_t* group = zeros.is_zero.data() + line * columns + begin;
        const int64_t size = std::min(m, columns - begin);
        most = std::max(most, size - std::count(group, group + size, 1));
      }
    const auto n = static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(most)));
    if (2 * n <= m && (!best || n * best->m < best->n * m)) best = ZeroNofM{n, m};
  }
  return best;
}

}  // namespace pare
