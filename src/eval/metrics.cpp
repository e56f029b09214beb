#include "eval/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/check.h"

namespace pare {

int64_t arg_max(std::span<const float> scores) {
  return std::max_element(scores.begin(), scores.end()) - scores.begin();
}

bool in_top_k(std::span<const float> scores, int64_t label, int64_t k) {
  const auto own = static_cast<size_t>(label);
  if (std::isnan(scores[own])) return false;
  int64_t above = 0;
  for (size_t i = 0; i < scores.size(); ++i)
    if (scores[i] > scores[own] || (scores[i] == scores[own] && i < own)) ++above;
  return above < k;
}

ClassFigures ConfusionMatrix::figures(int64_t of_class) const {
  ClassFigures figures;
  int64_t predicted = 0;
  for (int64_t other = 0; other < classes_; ++other) {
    figures.support += at(of_class, other);
    predicted += at(other, of_class);
  }
  const auto hits = static_cast<double>(at(of_class, of_class));
  if (predicted > 0) figures.precision = hits / static_cast<double>(predicted);
  if (figures.support > 0) figures.recall = hits / static_cast<double>(figures.support);
  if (hits > 0) figures.f1 = 2 * figures.precision * figures.recall / (figures.precision + figures.recall);
  return figures;
}

ClassFigures ConfusionMatrix::macro_average() const {
  ClassFigures mean;
  int64_t present = 0;
  for (int64_t c = 0; c < classes_; ++c) {
    const ClassFigures each = figures(c);
    if (each.support == 0) continue;
    ++present;
    mean.support += each.support;
    mean.precision += each.precision;
    mean.recall += each.recall;
    mean.f1 += each.f1;
  }
  for (double* figure : {&mean.precision, &mean.recall, &mean.f1})
    *figure /= static_cast<double>(std::max<int64_t>(present, 1));
  return mean;
}

std::optional<double> roc_auc(std::span<const float> scores, std::span<const uint8_t> positive) {
  PARE_CHECK(scores.size() == positive.size(), "{} scores, {} truths", scores.size(), positive.size());
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] < scores[b]; });
  double rank_sum = 0;  // of the positive samples, ranks from 1, equal scores sharing their mean rank
  int64_t positives = 0;
  for (size_t first = 0; first < order.size();) {
    size_t last = first;
    int64_t tied_positives = 0;
    for (; last < order.size() && scores[order[last]] == scores[order[first]]; ++last)
      tied_positives += positive[order[last]] != 0 ? 1 : 0;
    rank_sum += static_cast<double>(tied_positives) * (static_cast<double>(first + 1 + last) / 2);
    positives += tied_positives;
    first = std::max(last, first + 1);  // NaN equals nothing, not even itself
  }
  const int64_t negatives = static_cast<int64_t>(scores.size()) - positives;
  if (positives == 0 || negatives == 0) return std::nullopt;
  const auto p = static_cast<double>(positives), n = static_cast<double>(negatives);
  return (rank_sum - p * (p + 1) / 2) / (p * n);
}

std::optional<double> roc_auc_one_vs_rest(std::span<const float> scores, std::span<const int64_t> labels,
                                          int64_t classes) {
  PARE_CHECK(scores.size() == labels.size() * static_cast<size_t>(classes));
  double sum = 0;
  int64_t present = 0;
  std::vector<float> column(labels.size());
  std::vector<uint8_t> positive(labels.size());
  for (int64_t c = 0; c < classes; ++c) {
    for (size_t i = 0; i < labels.size(); ++i) {
      column[i] = scores[i * static_cast<size_t>(classes) + static_cast<size_t>(c)];
      positive[i] = labels[i] == c ? 1 : 0;
    }
    const std::optional<double> area = roc_auc(column, positive);
    if (!area) continue;
    sum += *area;
    ++present;
  }
  if (present == 0) return std::nullopt;
  return sum / static_cast<double>(present);
}

void ErrorSums::add(std::span<const float> values, std::span<const float> reference) {
  PARE_CHECK(values.size() == reference.size(), "{} values, {} expected", values.size(), reference.size());
  count_ += static_cast<int64_t>(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const double value = values[i], wanted = reference[i], difference = value - wanted;
    squares_ += difference * difference;
    absolutes_ += std::abs(difference);
    max_abs_ = std::max(max_abs_, std::abs(difference));
    power_ += value * value;
    reference_power_ += wanted * wanted;
    product_ += value * wanted;
  }
}

void ErrorSums::add(const ErrorSums& other) {
  count_ += other.count_;
  squares_ += other.squares_;
  absolutes_ += other.absolutes_;
  max_abs_ = std::max(max_abs_, other.max_abs_);
  power_ += other.power_;
  reference_power_ += other.reference_power_;
  product_ += other.product_;
}

double ErrorSums::mse() const { return count_ == 0 ? 0 : squares_ / static_cast<double>(count_); }
double ErrorSums::mae() const { return count_ == 0 ? 0 : absolutes_ / static_cast<double>(count_); }

double ErrorSums::snr_db() const {
  if (squares_ == 0) return std::numeric_limits<double>::infinity();
  return 10 * std::log10(reference_power_ / squares_);
}

double ErrorSums::cosine() const {
  if (power_ == 0 && reference_power_ == 0) return 1;
  if (power_ == 0 || reference_power_ == 0) return 0;
  return product_ / std::sqrt(power_ * reference_power_);
}

}  // namespace pare
