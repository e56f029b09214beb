#include "compress/layer_fit.h"

#include <limits>

#include "base/parallel.h"
#include "compress/obs.h"

namespace pare {
namespace {

// The columns of a set in the rows of a group.
RowMatrix part_of(const Gram& gram, const RowMatrix& weights, int64_t group, size_t set) {
  const int64_t rows = weights.rows() / gram.groups();
  return weights.middleRows(group * rows, rows)(Eigen::all, gram.sets()[set]);
}

// Calls visit(group, set, that part of the weights).
template <class Visit>
void for_each_part(const Gram& gram, const RowMatrix& weights, Visit visit) {
  for (int64_t group = 0; group < gram.groups(); ++group)
    for (size_t set = 0; set < gram.sets().size(); ++set) visit(group, set, part_of(gram, weights, group, set));
}

// E[t x^T].
RowMatrix targets_of(const Gram& gram, const RowMatrix& part, const RowMatrix& moments, int64_t group, size_t set,
                     bool centred) {
  return gram.has_targets() ? gram.targets(group, set, centred) : RowMatrix(part * moments);
}

double inner_product(const RowMatrix& a, const RowMatrix& moments, const RowMatrix& b) {
  return (a * moments).cwiseProduct(b).sum();
}

}  // namespace

NormalEquations normal_equations(const Gram& gram, const RowMatrix& weights, int64_t group, size_t set,
                                 const LayerOptions& options) {
  NormalEquations made{.moments = gram.moments(group, set, options.centred), .targets = {}};
  const RowMatrix part = part_of(gram, weights, group, set);
  const Eigen::VectorXd damping = damping_of(made.moments, options.damping);
  made.targets = targets_of(gram, part, made.moments, group, set, options.centred) + part * damping.asDiagonal();
  made.moments.diagonal() += damping;
  return made;
}

RowMatrix fit_layer(const Gram& gram, const RowMatrix& weights, const RowMatrix& mask, int64_t rows_together,
                    const LayerOptions& options) {
  const int64_t rows_in_group = weights.rows() / gram.groups();
  const int64_t blocks = (weights.rows() + rows_together - 1) / rows_together;
  RowMatrix fitted = weights;
  for (size_t set = 0; set < gram.sets().size(); ++set) {
    const std::vector<int32_t>& columns = gram.sets()[set];
    std::vector<NormalEquations> equations;  // of each group
    for (int64_t group = 0; group < gram.groups(); ++group)
      equations.push_back(normal_equations(gram, weights, group, set, options));
    parallel_for(blocks, options.threads, [&](int64_t begin, int64_t end) {
      for (int64_t block = begin; block < end; ++block) {
        std::vector<int32_t> kept;
        for (size_t i = 0; i < columns.size(); ++i)
          if (mask(block * rows_together, columns[i]) != 0) kept.push_back(static_cast<int32_t>(i));
        for_each_group(block * rows_together, std::min(weights.rows(), (block + 1) * rows_together), rows_in_group,
                       [&](int64_t group, int64_t first, int64_t last) {
                         const auto& [moments, targets] = equations[static_cast<size_t>(group)];
                         const RowMatrix solved = least_squares(
                             moments, targets.middleRows(first - group * rows_in_group, last - first), kept);
                         fitted.middleRows(first, last - first)(Eigen::all, columns) = solved;
                       });
      }
    });
  }
  return fitted;
}

double choose_damping(const Gram& gram, const Gram& held_out, const RowMatrix& weights, LayerOptions options,
                      const std::function<RowMatrix(const LayerOptions&)>& fitted) {
  if (gram.windows() == 0 || held_out.windows() == 0) return options.damping;
  const double power = output_power(held_out, weights, options.centred);
  double best = options.damping, least = std::numeric_limits<double>::infinity();
  for (const double damping : kDampings) {
    options.damping = damping;
    const double error = output_error(held_out, weights, fitted(options), power, options.centred);
    if (error >= least) break;  // from there on it grows
    least = error;
    best = damping;
  }
  return best;
}

double output_power(const Gram& gram, const RowMatrix& weights, bool centred) {
  double power = 0;
  for_each_part(gram, weights, [&](int64_t group, size_t set, const RowMatrix& part) {
    power += gram.has_targets() ? gram.target_power(group, set, centred)
                                : inner_product(part, gram.moments(group, set, centred), part);
  });
  return power;
}

double output_error(const Gram& gram, const RowMatrix& weights, const RowMatrix& fitted, double power, bool centred) {
  double error = power;
  for_each_part(gram, fitted, [&](int64_t group, size_t set, const RowMatrix& part) {
    const RowMatrix moments = gram.moments(group, set, centred);
    const RowMatrix targets = targets_of(gram, part_of(gram, weights, group, set), moments, group, set, centred);
    error += inner_product(part, moments, part) - 2 * targets.cwiseProduct(part).sum();
  });
  return std::max(0.0, error);
}

std::vector<double> mean_shift(const Gram& gram, const RowMatrix& weights, const RowMatrix& fitted) {
  std::vector<double> shift(static_cast<size_t>(weights.rows()), 0);
  const int64_t rows = weights.rows() / gram.groups();
  for (int64_t row = 0; row < weights.rows(); ++row)
    for (size_t set = 0; set < gram.sets().size(); ++set) {
      const std::vector<double> means = gram.means(row / rows, set);
      double& off = shift[static_cast<size_t>(row)];
      for (size_t i = 0; i < means.size(); ++i) {
        const int32_t column = gram.sets()[set][i];
        off += (fitted(row, column) - (gram.has_targets() ? 0 : weights(row, column))) * means[i];
      }
      if (gram.has_targets()) off -= gram.target_means(row / rows, set)[static_cast<size_t>(row % rows)];
    }
  return shift;
}

}  // namespace pare
