// What is in a data set, for people; and its samples as arrays.
#pragma once

#include <filesystem>
#include <vector>

#include "data/data_set.h"

namespace pare {

struct InputSummary {
  std::string name;
  DType dtype;
  Shape shape;  // of one sample
  double lowest, highest, mean;
};

struct SplitSummary {
  std::string name;  // "all" for an undivided data set
  int64_t samples = 0;
  std::vector<int64_t> per_class;  // empty unless the target is a class
  std::vector<InputSummary> inputs;
};

// Reads every sample once, in bounded memory.
Expected<std::vector<SplitSummary>> summarize(const DataSet& set, int threads);

// All samples of a view as arrays: its inputs by name (a single one as `x`), and `y` where it has labels (i64) or values (f32).
// They read back as a data set that is ready for the network.
Expected<void> export_arrays(const DataView& view, const std::filesystem::path& path, int threads);

// The description of the same samples divided by fractions of a seed. Fails where the set is divided already.
struct Fraction {
  Split split;
  double part;
};
Expected<Description> divide(const DataSet& set, const std::vector<Fraction>& fractions, uint64_t seed);

}  // namespace pare
