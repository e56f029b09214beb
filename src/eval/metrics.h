// Figures of merit, computed from what a network gave and what was expected.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace pare {

// Position of the largest score, the first of equal ones.
int64_t arg_max(std::span<const float> scores);

// True where fewer than k scores are larger than that of `label`, or equal and in front of it.
bool in_top_k(std::span<const float> scores, int64_t label, int64_t k);

struct ClassFigures {
  int64_t support = 0;                       // samples of this class
  double precision = 0, recall = 0, f1 = 0;  // 0 where the quotient is undefined
};

// Rows are the true classes, columns the predicted ones.
class ConfusionMatrix {
 public:
  explicit ConfusionMatrix(int64_t classes) : classes_(classes), counts_(static_cast<size_t>(classes * classes)) {}

  void add(int64_t truth, int64_t predicted) { ++counts_.at(static_cast<size_t>(truth * classes_ + predicted)); }
  int64_t classes() const { return classes_; }
  int64_t at(int64_t truth, int64_t predicted) const {
    return counts_.at(static_cast<size_t>(truth * classes_ + predicted));
  }

  ClassFigures figures(int64_t of_class) const;
  // Means over the classes that occur among the true ones.
  ClassFigures macro_average() const;

 private:
  int64_t classes_;
  std::vector<int64_t> counts_;
};

// Area under the receiver operating characteristic: the probability that a positive sample scores above a negative one, equal
// scores counting half (Hanley and McNeil 1982). Nothing where either kind is missing.
std::optional<double> roc_auc(std::span<const float> scores, std::span<const uint8_t> positive);

// Mean of the areas of each class against all others, over the classes that occur. `scores` has one row of `classes` a sample.
std::optional<double> roc_auc_one_vs_rest(std::span<const float> scores, std::span<const int64_t> labels,
                                          int64_t classes);

// How far numbers lie from a reference, gathered in pieces; pieces of several threads are added up.
class ErrorSums {
 public:
  void add(std::span<const float> values, std::span<const float> reference);
  void add(const ErrorSums& other);

  int64_t count() const { return count_; }
  double mse() const;  // mean of squared differences
  double mae() const;  // mean of absolute differences
  double max_abs() const { return max_abs_; }
  // Power of the reference over the power of the difference, in decibels; infinite where nothing differs.
  double snr_db() const;
  double cosine() const;  // of the angle between the two as vectors; 1 where both are zero

 private:
  int64_t count_ = 0;
  double squares_ = 0, absolutes_ = 0, max_abs_ = 0, power_ = 0, reference_power_ = 0, product_ = 0;
};

}  // namespace pare
