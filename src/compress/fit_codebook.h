// Weights given the values of a codebook so that the output of their layer changes least, by second moments of what they are multiplied with.
#pragma once

#include <span>

#include "compress/codebook.h"
#include "compress/layer_fit.h"

namespace pare {

// A codebook on the rows of a layer: one table for all of them, or one for each.
struct RowCodebook {
  std::vector<float> centroids;                                                   // table by table
  Eigen::Matrix<int32_t, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> codes;  // as in Codebook
  bool by_row = false;
  std::vector<float> scales;  // one a row, times which a value counts; empty: 1

  float scale(int64_t row) const { return scales.empty() ? 1.f : scales[static_cast<size_t>(row)]; }
  RowMatrix values() const;
};

// Gives the weights of each row their values one after the other, those that matter most first: the nearest of the table, while the rest of the
// row makes up for what is lost. E. Frantar et al., "GPTQ", ICLR 2023. `weights` are what fit_layer() gives; those of kZeroCode stay zero.
void round_to_codebook(const Gram& gram, const RowMatrix& weights, const LayerOptions& options, RowCodebook& codebook);

// The values that this gives.
RowMatrix rounded_to_codebook(const Gram& gram, const RowMatrix& weights, const LayerOptions& options,
                              RowCodebook codebook);

// fit_layer() for the weights that have values; the others are zero.
RowMatrix fit_layer(const Gram& gram, const RowMatrix& weights, const RowCodebook& codebook,
                    const LayerOptions& options);

// The centroids with which the codes come closest to what the reference of `gram` makes of `weights`, by least squares. A squared error of
// each row counts `row_importance`. Tables of more than 1,024 stay.
void refit_centroids(const Gram& gram, const RowMatrix& weights, std::span<const double> row_importance,
                     const LayerOptions& options, RowCodebook& codebook);

// Likewise the scales of the rows, whose signs stay.
void refit_scales(const Gram& gram, const RowMatrix& weights, const LayerOptions& options, RowCodebook& codebook);

}  // namespace pare
