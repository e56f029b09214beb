// The optimal brain surgeon on the rows of a weight matrix: which weights go, one after the other, and what the others become so that the
// layer's squared error grows least. The order is nested: whoever stops earlier has the result of a smaller sparsity.
//
// Sources: Hassibi and Stork (1993); Frantar and Alistarh, "Optimal Brain Compression" (2022), whose ExactOBS this is.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compress/gram.h"

namespace pare {

// What goes at a time in a set of columns. With neighbourhoods only so many units of each may go.
struct RemovalUnits {
  std::vector<std::vector<int32_t>> columns;  // of each unit
  std::vector<int32_t> neighbourhood = {};    // of each unit; empty: none is limited
  std::vector<int32_t> may_go = {};           // of each neighbourhood
};

// What is added to the diagonal of moments: `share` of each element and of a tenth of their mean; 1 where nothing was seen, so that
// magnitudes decide.
Eigen::VectorXd damping_of(const RowMatrix& moments, double share);
// (moments + damping)^-1.
RowMatrix damped_inverse(const RowMatrix& moments, const Eigen::VectorXd& damping);

// Rows that share an inverse, `weights` in the units of the output; `scales` say what the squared error of each row counts.
struct RowsUnderInverse {
  const RowMatrix* inverse = nullptr;
  RowMatrix weights;
  std::vector<double> scales;
};

struct Removals {
  std::vector<int32_t> units;  // in the order in which they go
  std::vector<float> losses;   // by which each raises the squared error, damping included
};

// Takes out units from all rows alike, always the one that costs least, until none may go.
Removals order_removals(std::vector<RowsUnderInverse> rows, const RemovalUnits& units);

// The rows w with zeros outside of `kept` for which (w moments w^T) - 2 (w targets^T) is least: the moments are symmetric and positive
// definite, d x d, and the targets a row for each w.
RowMatrix least_squares(const RowMatrix& moments, const RowMatrix& targets, std::span<const int32_t> kept);

}  // namespace pare
