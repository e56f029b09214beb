// What a tensor of weights is made of: its zeros and the pattern they form, its different values, and how few bytes could hold it.
#pragma once

#include <cstdint>
#include <optional>

#include "base/tensor.h"
#include "compress/zero_patterns.h"
#include "ir/types.h"

namespace pare {

struct WeightStatistics {
  int64_t elements = 0;
  int64_t bytes = 0;  // each element in full
  int64_t zeros = 0;
  // The largest blocks that hold all zeros; of integers, which rounding makes zero here and there, nearly all. Nothing where zeros lie
  // singly.
  std::optional<ZeroBlocks> blocks;
  std::optional<ZeroNofM> n_of_m;  // the smallest share of 1/2, 1/4, 1/8 .., and the smallest M that has it
  int64_t distinct = 0;            // stored values that occur
  // The most that occur in one output channel, where a table a channel instead of one for all saves a tenth.
  std::optional<int64_t> channel_distinct;
  double entropy = 0;  // of the stored values, in bits a weight: the sum of -p log2 p over the values (Shannon, 1948)
  // What coding single values can reach: each by its share in the tensor, or channel, after a table of the values. Values that occur
  // once stand behind an escape, each of their bytes coded by its share. Never more than `bytes`.
  int64_t entropy_bytes = 0;

  double sparsity() const { return elements == 0 ? 0 : static_cast<double>(zeros) / static_cast<double>(elements); }
};

// `channel_axis` is the one of output channels. Quantised integers count as zero at their zero point.
WeightStatistics weight_statistics(const TensorType& type, const Tensor& weights, int channel_axis = 0);

// The most different stored values in one output channel.
int64_t most_values_in_a_channel(const Tensor& weights, int channel_axis);

// Which of them are zero.
ZeroMap zero_map(const TensorType& type, const Tensor& weights);

}  // namespace pare
