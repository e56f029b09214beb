// The weights of a layer fitted to what it computed before, by least squares on second moments.
#pragma once

#include <array>
#include <functional>
#include <vector>

#include "compress/gram.h"

namespace pare {

struct LayerOptions {
  bool centred = true;    // a bias takes up what the mean of the output loses
  double damping = 0.01;  // as in damping_of()
  int threads = 1;
};

// The damped equations of a group's rows in a set of columns: those that come closest to what is wanted of them are targets moments^-1. A Gram
// without targets wants what `weights` make of its windows.
struct NormalEquations {
  RowMatrix moments, targets;
};
NormalEquations normal_equations(const Gram& gram, const RowMatrix& weights, int64_t group, size_t set,
                                 const LayerOptions& options);

// From which a damping is chosen.
inline constexpr std::array<double, 6> kDampings{0.01, 0.03, 0.1, 0.3, 1, 3};

// The weights that come closest to what is wanted, and with the damping to `weights`, where the mask leaves any. Rows of a block, `rows_together`
// many, have one mask.
RowMatrix fit_layer(const Gram& gram, const RowMatrix& weights, const RowMatrix& mask, int64_t rows_together,
                    const LayerOptions& options);

// The damping with which what is `fitted` to one part of the samples, `gram`, does best on the rest of them: the more, the fewer there are.
double choose_damping(const Gram& gram, const Gram& held_out, const RowMatrix& weights, LayerOptions options,
                      const std::function<RowMatrix(const LayerOptions&)>& fitted);

// Mean square of the output that is wanted, its variance where centred; and of the difference of what `fitted` make from that, where `power` is
// the former. Moments between sets of columns are taken for zero.
double output_power(const Gram& gram, const RowMatrix& weights, bool centred);
double output_error(const Gram& gram, const RowMatrix& weights, const RowMatrix& fitted, double power, bool centred);

// By what the mean of each output channel is off.
std::vector<double> mean_shift(const Gram& gram, const RowMatrix& weights, const RowMatrix& fitted);

}  // namespace pare
