// The order in which the weights of a layer go.
#pragma once

#include "compress/layer_fit.h"
#include "compress/obs.h"
#include "compress/sparsity.h"

namespace pare {

// Columns whose removals are ordered by themselves: some neighbours within a set of columns, and what goes at a time of them.
struct RemovalPart {
  size_t set = 0;
  int32_t first = 0, columns = 0;  // within the set
  RemovalUnits units;              // their columns counted from `first`
};

// Sets of columns that weights are fitted over, and their parts. Output channels go `rows_together` at a time.
struct RemovalParts {
  ColumnSets sets;
  std::vector<RemovalPart> parts;  // set by set
  int64_t rows_together = 1;
};

struct PartSizes {
  int64_t set = 4096, part = 4096;  // columns at most
};
// Parts for which finding all orders of so many rows and columns takes some ten seconds.
PartSizes affordable_sizes(int64_t rows, int64_t columns);

// What goes or counts together stays in one part. Fails as check_pattern() and block_extents(), and for N:M of depthwise weights.
Expected<RemovalParts> removal_parts(const Shape& shape, int axis, const SparsityPattern& pattern,
                                     const PartSizes& sizes = {});

struct LayerRemovals {
  struct Removal {
    int32_t rows, part, unit;  // number of the rows that go together, of the part, of the unit in it
    int32_t weights;
    float loss;  // by which the squared error of the output grows
  };
  std::vector<Removal> order;
  int64_t weights = 0;  // of the layer

  // How many removals take out so many weights, to the nearest.
  size_t removals_for(double zeros) const;
};

// Rows of equal `scales` count alike. Of several parts always the one goes on whose next removal costs least.
LayerRemovals order_layer(const Gram& gram, const RemovalParts& parts, const RowMatrix& weights,
                          std::span<const double> scales, const LayerOptions& options);

// 1 for what the first `count` removals leave, 0 for what they take.
RowMatrix mask_of(const RemovalParts& parts, int64_t rows, const LayerRemovals& removals, size_t count);

}  // namespace pare
