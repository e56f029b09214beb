// Preprocessed samples, kept in memory from their first use on where all of them fit.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "base/tensor.h"
#include "data/data_set.h"

namespace pare {

class KeptSamples {
 public:
  // Reads the first sample, which settles type and shape of each input.
  static Expected<KeptSamples> open(const DataView& view, uint64_t most_bytes);

  // Shape of a sample, and its type, by input.
  const std::vector<Shape>& shapes() const { return shapes_; }
  const std::vector<DType>& dtypes() const { return dtypes_; }

  // Each input of these samples, with the batch in front. Several threads may read at once, but not the same sample.
  Expected<std::vector<Tensor>> read(std::span<const int64_t> indices);

 private:
  // Writes the inputs of one sample to their places.
  Expected<void> copy(int64_t index, std::span<std::byte* const> to);

  DataView view_;
  SampleSource source_;
  std::vector<Shape> shapes_;
  std::vector<DType> dtypes_;
  std::vector<size_t> bytes_;  // of a sample, by input
  std::vector<std::vector<std::byte>>
      kept_;                   // all samples of an input one after the other; empty where they do not fit
  std::vector<char> is_kept_;  // by sample; chars, since threads write neighbours at the same time
};

}  // namespace pare
