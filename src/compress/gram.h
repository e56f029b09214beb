// Second moments of what a layer's weights are multiplied with: all that a squared error of its output hangs on, so that pruning, rounding
// and clustering need to see the samples once.
//
// With x a window of the source (a column of X), y = W x + b and n windows, an output W^ x' + b^, whose bias makes up for the means, is off
// by the mean square  tr(W G_ref W^T) - 2 tr(W^ C W^T) + tr(W^ G W^T), where G is the covariance of x', C that of x' with x, and G_ref that of
// x. Without a bias the same holds of the plain second moments.
#pragma once

#include <vector>

#include "compress/weight_rows.h"
#include "ir/op_def.h"

namespace pare {

// Columns of the weights of an output channel that are looked at together; between two such sets no moments are kept.
using ColumnSets = std::vector<std::vector<int32_t>>;
ColumnSets all_columns(int64_t count);
// Neighbours in sets of equal size, of at most so many.
ColumnSets neighbouring_columns(int64_t count, int64_t most);

class Gram {
 public:
  Gram() = default;
  // `groups` as in WindowedProduct. With `paired`, windows come in pairs: those of the network as it is now and of a reference.
  Gram(int64_t groups, ColumnSets sets, bool paired);

  // Takes windows of a source, row by row with all their channels; `reference` is null, or the same windows there. `most` is how many of
  // each sample at most; which ones follows from `turn` alone and spreads over the image.
  void add(const WindowedProduct& product, const float* source, const float* reference, int64_t most, int64_t turn);
  void merge(const Gram& other);

  int64_t windows() const { return windows_; }
  int64_t positions() const { return positions_; }  // that there were, taken or not
  int64_t groups() const { return groups_; }
  const ColumnSets& sets() const { return sets_; }

  // Moments of a set of columns in a group, divided by the number of windows; `centred`: covariances.
  RowMatrix moments(int64_t group, size_t set, bool centred) const;        // of the network as it is, d x d
  RowMatrix cross_moments(int64_t group, size_t set, bool centred) const;  // E[x' x^T]; moments() where unpaired
  std::vector<double> means(int64_t group, size_t set) const;
  std::vector<double> reference_means(int64_t group, size_t set) const;

  // Bytes of one with these sets.
  static size_t bytes(int64_t groups, const ColumnSets& sets, bool paired);

 private:
  struct Moments {
    RowMatrix squares, cross;  // sums; of `squares` the lower triangle
    Eigen::VectorXd sum, reference_sum;
  };
  Moments& at(int64_t group, size_t set) { return moments_[static_cast<size_t>(group) * sets_.size() + set]; }
  const Moments& at(int64_t group, size_t set) const { return const_cast<Gram*>(this)->at(group, set); }
  RowMatrix normalized(const RowMatrix& sums, const Eigen::VectorXd& left, const Eigen::VectorXd& right,
                       bool centred) const;
  std::vector<double> normalized(const Eigen::VectorXd& sum) const;

  int64_t groups_ = 1, windows_ = 0, positions_ = 0;
  bool paired_ = false;
  ColumnSets sets_;
  std::vector<Moments> moments_;  // group by group
};

}  // namespace pare
