// How many weights pruning takes out, and in which units.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/shape.h"
#include "ir/attributes.h"

namespace pare {

// What the score of a block is made of.
enum class BlockScore { Average, Maximum };
template <>
struct EnumNames<BlockScore> {
  static constexpr std::array<std::string_view, 2> names{"average", "maximum"};
};

// Weights go together in blocks, or so that at most `n` of every `m` neighbours along the last axis, the input channels, are left. Single
// weights where neither is asked for.
struct SparsityPattern {
  // Two extents: along the first axis, the output channels, and the last. Otherwise one an axis. Blocks at an edge may be smaller.
  std::vector<int64_t> block = {};
  BlockScore block_score = BlockScore::Average;
  int64_t n = 0, m = 0;

  bool is_blocked() const { return !block.empty(); }
  bool is_n_of_m() const { return m > 0; }
  // The largest share of weights that this can take out.
  double largest_sparsity() const { return is_n_of_m() ? 1 - static_cast<double>(n) / static_cast<double>(m) : 1; }
};

// Fails for extents that are not positive, for N that is not below M, and for both forms at once.
Expected<void> check_pattern(const SparsityPattern& pattern);
// Extents of a block in a tensor of this shape. Fails where it has another number of axes.
Expected<std::vector<int64_t>> block_extents(const SparsityPattern& pattern, const Shape& shape);

// How a sparsity of all tensors together is divided among them.
enum class SparsityBudget {
  Uniform,  // each tensor has it
  Global,   // the smallest scores of all tensors go
  Erk,      // Evci et al. (2020): tensors with more weights for their extents have more zeros
  Lamp,     // Lee et al. (2021): the smallest of all go by their share of what is at least as large in their tensor
};
template <>
struct EnumNames<SparsityBudget> {
  static constexpr std::array<std::string_view, 4> names{"uniform", "global", "erk", "lamp"};
};

// The sparsity of each tensor by ERK: its density is proportional to (sum of extents) / (product of extents), at most 1.
std::vector<double> erk_sparsities(const std::vector<Shape>& shapes, double sparsity);

// What says how little a weight matters in training.
enum class PruningCriterion {
  Magnitude,  // its own
  Movement,   // whether it goes to zero: the sum of -weight * gradient over the steps, Sanh et al. (2020)
  Fisher,  // by how much the loss would grow: weight^2 * mean gradient^2, as in optimal brain damage, LeCun et al. (1989)
};
template <>
struct EnumNames<PruningCriterion> {
  static constexpr std::array<std::string_view, 3> names{"magnitude", "movement", "fisher"};
};

// The course of the sparsity in training, over the steps from a share `begin` of all to a share `end`. Zhu and Gupta (2017).
enum class SparsityCourse {
  Constant,    // the final one from the beginning on
  Polynomial,  // final + (initial - final) * (1 - progress)^power
  Rigl,  // the final one from the beginning on, while weights change places: the smallest go, others of large gradients come (Evci et al., 2020)
};
template <>
struct EnumNames<SparsityCourse> {
  static constexpr std::array<std::string_view, 3> names{"constant", "polynomial", "rigl"};
};

struct SparsitySchedule {
  SparsityCourse course = SparsityCourse::Polynomial;
  double initial = 0, final = 0.5;
  double begin = 0, end = 0.5;
  double power = 3;
  int64_t every = 0;  // steps between two masks; 0: a fiftieth of the course, 100 at most
};

// Fails for sparsities outside of 0 to 1 and for an end before the beginning.
Expected<void> check_schedule(const SparsitySchedule& schedule);
// The first and the last step of its course.
std::pair<int64_t, int64_t> course_steps(const SparsitySchedule& schedule, int64_t steps);
// The sparsity from step number `step` of `steps` on, where masks are found anew there.
std::optional<double> sparsity_from(const SparsitySchedule& schedule, int64_t step, int64_t steps);

}  // namespace pare
