// Chooses the range that an activation is quantised over from what calibration saw.
#pragma once

#include "ir/attributes.h"
#include "quant/statistics.h"

namespace pare {

enum class RangeMethod {
  MinMax,      // everything seen
  Percentile,  // what remains without the outermost (100 - p) / 2 percent at either end
  Mse,         // the least expected squared error of clipping and rounding together
};
template <>
struct EnumNames<RangeMethod> {
  static constexpr std::array<std::string_view, 3> names{"minmax", "percentile", "mse"};
};

struct RangeOptions {
  RangeMethod method = RangeMethod::Percentile;
  double percentile = 99.999;  // in (0, 100]
  int64_t levels = 256;        // codes of the storage type, which rounding errors depend on
};

// A range inside what was seen, holding zero.
Range estimate_range(const Statistics& statistics, const RangeOptions& options);

}  // namespace pare
