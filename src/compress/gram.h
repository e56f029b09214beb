// Second moments of what a layer's weights are multiplied with: all that a squared error of its output hangs on, so that pruning, rounding
// and clustering need to see the samples once.
//
// With x' a window of the source and t what the layer is to make of it, an output W^ x' + b^, whose bias makes up for the means, is off by the
// mean square  tr(P) - 2 tr(W^ T^T) + tr(W^ G W^T), where G is the covariance of x', T that of t with x', and P that of t. Without a bias the
// same holds of the plain second moments. As a rule t = W x, x the window in the network as it was.
#pragma once

#include <span>
#include <vector>

#include "compress/weight_rows.h"
#include "ir/op_def.h"

namespace pare {

// Columns of the weights of an output channel that are looked at together; between two such sets no moments are kept.
using ColumnSets = std::vector<std::vector<int32_t>>;
ColumnSets all_columns(int64_t count);
// Neighbours in sets of equal size, of at most so many.
ColumnSets neighbouring_columns(int64_t count, int64_t most);

using FloatRows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// What a layer is to make of the windows of a network that has changed: what `weights` make of those of `source` in a reference. Where
// something is added to its output, what that has lost on the way counts, too: (before - now) * factor of the channel.
struct Wanted {
  const float* source = nullptr;                  // laid out as that of the network
  const FloatRows* weights = nullptr;             // all rows and columns
  const float *before = nullptr, *now = nullptr;  // [sample, position, row]; null: nothing is added
  std::span<const float> factors = {};            // of each row
};

class Gram {
 public:
  Gram() = default;
  // `groups` as in WindowedProduct. With `targets`, for so many rows of each group, it is told what is wanted of each window.
  Gram(int64_t groups, ColumnSets sets, int64_t targets = 0);

  // Takes windows of a source, row by row with all their channels. `most` is how many of each sample at most; which ones follows from `turn`
  // alone and spreads over the image. `wanted` is null for a Gram without targets; each set of columns is wanted to give all that was lost of
  // what is added.
  void add(const WindowedProduct& product, const float* source, const Wanted* wanted, int64_t most, int64_t turn);
  void merge(const Gram& other);

  int64_t windows() const { return windows_; }
  int64_t positions() const { return positions_; }  // that there were, taken or not
  int64_t groups() const { return groups_; }
  const ColumnSets& sets() const { return sets_; }

  // Moments of a set of columns in a group, divided by the number of windows; `centred`: covariances.
  RowMatrix moments(int64_t group, size_t set, bool centred) const;  // of the windows, d x d
  std::vector<double> means(int64_t group, size_t set) const;
  bool has_targets() const { return targets_ > 0; }
  RowMatrix targets(int64_t group, size_t set, bool centred) const;  // E[t x'^T], rows x d
  std::vector<double> target_means(int64_t group, size_t set) const;
  double target_power(int64_t group, size_t set, bool centred) const;  // E[t^T t]

  // Bytes of one with these sets and so many rows of targets.
  static size_t bytes(int64_t groups, const ColumnSets& sets, int64_t targets);

 private:
  struct Moments {
    RowMatrix squares, targets;  // sums; of `squares` the lower triangle
    Eigen::VectorXd sum, target_sum;
    double target_squares = 0;
  };
  Moments& at(int64_t group, size_t set) { return moments_[static_cast<size_t>(group) * sets_.size() + set]; }
  const Moments& at(int64_t group, size_t set) const { return const_cast<Gram*>(this)->at(group, set); }
  RowMatrix normalized(const RowMatrix& sums, const Eigen::VectorXd& left, const Eigen::VectorXd& right,
                       bool centred) const;
  std::vector<double> normalized(const Eigen::VectorXd& sum) const;

  int64_t groups_ = 1, windows_ = 0, positions_ = 0, targets_ = 0;
  ColumnSets sets_;
  std::vector<Moments> moments_;  // group by group
};

}  // namespace pare
