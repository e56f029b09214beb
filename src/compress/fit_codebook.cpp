#include "compress/fit_codebook.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <numeric>

#include "base/parallel.h"
#include "compress/obs.h"

namespace pare {
namespace {

// Tables with more values are as fine as need be; their equations would not be small.
constexpr Eigen::Index kMostRefitted = 1024;

// U with U^T U = the inverse of the moments, columns in an order: row i says what the loss of column i moves those behind it by.
struct Compensation {
  std::vector<Eigen::Index> order;  // the largest moments first
  RowMatrix factor;
};

Compensation compensation_of(const RowMatrix& moments, const Eigen::VectorXd& damping) {
  Compensation made;
  made.order.resize(static_cast<size_t>(moments.cols()));
  std::iota(made.order.begin(), made.order.end(), 0);
  std::ranges::stable_sort(made.order, std::greater(), [&](Eigen::Index i) { return moments(i, i); });
  const RowMatrix inverse = damped_inverse(moments(made.order, made.order), damping(made.order));
  made.factor = inverse.llt().matrixU();
  return made;
}

// What the normal equations of the centroids are made of.
struct CentroidEquations {
  explicit CentroidEquations(Eigen::Index centroids)
      : products(RowMatrix::Zero(centroids, centroids)), targets(Eigen::VectorXd::Zero(centroids)) {}

  // A row of weights `codes` with these damped moments; what is wanted of it are `row_targets`.
  void add(std::span<const int32_t> codes, const RowMatrix& moments, const Eigen::VectorXd& row_targets, double scale,
           double importance, int32_t first) {
    RowMatrix sums = RowMatrix::Zero(targets.size(), moments.cols());
    for (size_t i = 0; i < codes.size(); ++i)
      if (codes[i] != kZeroCode) sums.row(codes[i] - first) += moments.row(static_cast<Eigen::Index>(i));
    for (size_t i = 0; i < codes.size(); ++i) {
      if (codes[i] == kZeroCode) continue;
      const auto column = static_cast<Eigen::Index>(i);
      products.col(codes[i] - first) += importance * scale * scale * sums.col(column);
      targets[codes[i] - first] += importance * scale * row_targets[column];
    }
  }

  // Centroids that no weight has stay; so do all, a little.
  void solve(std::span<float> centroids) {
    const double mean = products.trace() / static_cast<double>(centroids.size());
    if (!(mean > 0)) return;
    for (Eigen::Index k = 0; k < targets.size(); ++k) {
      const double stay = products(k, k) > 0 ? 1e-6 * mean : mean;
      products(k, k) += stay;
      targets[k] += stay * static_cast<double>(centroids[static_cast<size_t>(k)]);
    }
    const Eigen::VectorXd solved = products.ldlt().solve(targets);
    for (Eigen::Index k = 0; k < targets.size(); ++k)
      if (std::isfinite(solved[k])) centroids[static_cast<size_t>(k)] = static_cast<float>(solved[k]);
  }

  RowMatrix products;
  Eigen::VectorXd targets;
};

}  // namespace

RowMatrix RowCodebook::values() const {
  RowMatrix values(codes.rows(), codes.cols());
  for (Eigen::Index row = 0; row < codes.rows(); ++row)
    for (Eigen::Index column = 0; column < codes.cols(); ++column) {
      const int32_t code = codes(row, column);
      // As cluster_weights computes them.
      values(row, column) =
          code == kZeroCode ? 0. : static_cast<double>(centroids[static_cast<size_t>(code)] * scale(row));
    }
  return values;
}

void round_to_codebook(const Gram& gram, const RowMatrix& weights, const LayerOptions& options, RowCodebook& codebook) {
  const std::vector<SortedTable> tables =
      sorted_tables(codebook.centroids, codebook.by_row ? codebook.codes.rows() : 1);
  const int64_t rows_in_group = weights.rows() / gram.groups();
  for (int64_t group = 0; group < gram.groups(); ++group)
    for (size_t set = 0; set < gram.sets().size(); ++set) {
      const std::vector<int32_t>& columns = gram.sets()[set];
      const RowMatrix moments = gram.moments(group, set, options.centred);
      const Compensation compensation = compensation_of(moments, damping_of(moments, options.damping));
      parallel_for(rows_in_group, options.threads, [&](int64_t begin, int64_t end) {
        for (int64_t row = group * rows_in_group + begin; row < group * rows_in_group + end; ++row) {
          const SortedTable& table = tables[codebook.by_row ? static_cast<size_t>(row) : 0];
          const double scale = codebook.scale(row);
          Eigen::RowVectorXd left = weights.row(row)(columns)(compensation.order);
          for (Eigen::Index i = 0; i < left.size(); ++i) {
            int32_t& code =
                codebook.codes(row, columns[static_cast<size_t>(compensation.order[static_cast<size_t>(i)])]);
            double value = 0;
            if (code != kZeroCode) {
              code = table.nearest(static_cast<float>(left[i] / scale));
              value = scale * static_cast<double>(codebook.centroids[static_cast<size_t>(code)]);
            }
            const double lost = (left[i] - value) / compensation.factor(i, i);
            const Eigen::Index behind = left.size() - i - 1;
            left.tail(behind) -= lost * compensation.factor.row(i).tail(behind);
          }
        }
      });
    }
}

RowMatrix rounded_to_codebook(const Gram& gram, const RowMatrix& weights, const LayerOptions& options,
                              RowCodebook codebook) {
  round_to_codebook(gram, weights, options, codebook);
  return codebook.values();
}

RowMatrix fit_layer(const Gram& gram, const RowMatrix& weights, const RowCodebook& codebook,
                    const LayerOptions& options) {
  const RowMatrix mask = (codebook.codes.array() != kZeroCode).cast<double>();
  const bool is_whole = mask.minCoeff() > 0;  // then all rows have one equation
  return fit_layer(gram, weights, mask, is_whole ? mask.rows() : 1, options);
}

void refit_centroids(const Gram& gram, const RowMatrix& weights, std::span<const double> row_importance,
                     const LayerOptions& options, RowCodebook& codebook) {
  const int64_t rows = weights.rows(), rows_in_group = rows / gram.groups();
  const auto in_table = static_cast<Eigen::Index>(codebook.centroids.size()) / (codebook.by_row ? rows : 1);
  if (in_table > kMostRefitted) return;
  std::vector<CentroidEquations> equations(codebook.by_row ? static_cast<size_t>(rows) : 1,
                                           CentroidEquations(in_table));
  for (int64_t group = 0; group < gram.groups(); ++group)
    for (size_t set = 0; set < gram.sets().size(); ++set) {
      const std::vector<int32_t>& columns = gram.sets()[set];
      const auto [moments, targets] = normal_equations(gram, weights, group, set, options);
      std::vector<int32_t> codes(columns.size());
      for (int64_t row = 0; row < rows_in_group; ++row) {
        const int64_t at = group * rows_in_group + row;
        for (size_t i = 0; i < columns.size(); ++i) codes[i] = codebook.codes(at, columns[i]);
        const size_t table = codebook.by_row ? static_cast<size_t>(at) : 0;
        equations[table].add(codes, moments, targets.row(row), codebook.scale(at),
                             row_importance[static_cast<size_t>(at)],
                             static_cast<int32_t>(table) * static_cast<int32_t>(in_table));
      }
    }
  for (size_t table = 0; table < equations.size(); ++table)
    equations[table].solve(
        std::span(codebook.centroids).subspan(table * static_cast<size_t>(in_table), static_cast<size_t>(in_table)));
}

void refit_scales(const Gram& gram, const RowMatrix& weights, const LayerOptions& options, RowCodebook& codebook) {
  const RowMatrix values = codebook.values();
  const int64_t rows_in_group = weights.rows() / gram.groups();
  Eigen::VectorXd wanted = Eigen::VectorXd::Zero(weights.rows()), power = wanted;
  for (int64_t group = 0; group < gram.groups(); ++group)
    for (size_t set = 0; set < gram.sets().size(); ++set) {
      const auto [moments, targets] = normal_equations(gram, weights, group, set, options);
      const RowMatrix part = values.middleRows(group * rows_in_group, rows_in_group)(Eigen::all, gram.sets()[set]);
      wanted.segment(group * rows_in_group, rows_in_group) += part.cwiseProduct(targets).rowwise().sum();
      power.segment(group * rows_in_group, rows_in_group) += part.cwiseProduct(part * moments).rowwise().sum();
    }
  for (Eigen::Index row = 0; row < weights.rows(); ++row)
    if (power[row] > 0 && wanted[row] > 0)
      codebook.scales[static_cast<size_t>(row)] *= static_cast<float>(wanted[row] / power[row]);
}

}  // namespace pare
