#include "compress/sparsity.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace pare {

Expected<void> check_pattern(const SparsityPattern& pattern) {
  if (pattern.is_blocked() && pattern.is_n_of_m()) return usage_error("weights go in blocks or N of M, not both");
  if (std::any_of(pattern.block.begin(), pattern.block.end(), [](int64_t extent) { return extent < 1; }))
    return usage_error("the block {} has an extent below 1", fmt::join(pattern.block, "x"));
  if (pattern.is_n_of_m() && (pattern.n < 1 || pattern.n >= pattern.m))
    return usage_error("{}:{} was given; N of M keeps at least 1 and less than M, such as 2:4", pattern.n, pattern.m);
  return {};
}

Expected<std::vector<int64_t>> block_extents(const SparsityPattern& pattern, const Shape& shape) {
  const auto rank = static_cast<size_t>(shape.rank());
  if (!pattern.is_blocked()) return std::vector<int64_t>(rank, 1);
  if (pattern.block.size() == rank) return pattern.block;
  if (pattern.block.size() != 2 || rank < 2)
    return usage_error("the block {} has {} extents, the weights {} have {} axes", fmt::join(pattern.block, "x"),
                       pattern.block.size(), shape.to_string(), rank);
  std::vector<int64_t> extents(rank, 1);
  extents.front() = pattern.block[0];
  extents.back() = pattern.block[1];
  return extents;
}

std::vector<double> erk_sparsities(const std::vector<Shape>& shapes, double sparsity) {
  std::vector<double> elements, relative;  // density for a factor of 1
  for (const Shape& shape : shapes) {
    elements.push_back(static_cast<double>(shape.elements()));
    const int64_t sum = std::accumulate(shape.begin(), shape.end(), int64_t{0});
    relative.push_back(static_cast<double>(sum) / std::max(1., elements.back()));
  }
  std::vector<bool> dense(shapes.size(), false);
  double factor = 0;
  for (bool changed = true; changed;) {
    double wanted = (1 - sparsity) * std::accumulate(elements.begin(), elements.end(), 0.), of_factor = 0;
    for (size_t i = 0; i < shapes.size(); ++i)
      if (dense[i])
        wanted -= elements[i];
      else
        of_factor += relative[i] * elements[i];
    factor = of_factor > 0 ? std::max(0., wanted / of_factor) : 0;
    changed = false;
    for (size_t i = 0; i < shapes.size(); ++i)
      if (!dense[i] && factor * relative[i] > 1) changed = dense[i] = true;
  }
  std::vector<double> sparsities;
  for (size_t i = 0; i < shapes.size(); ++i) sparsities.push_back(dense[i] ? 0 : 1 - factor * relative[i]);
  return sparsities;
}

Expected<void> check_schedule(const SparsitySchedule& schedule) {
  for (const double sparsity : {schedule.initial, schedule.final})
    if (!(sparsity >= 0 && sparsity <= 1)) return usage_error("the sparsity {} is not from 0 to 1", sparsity);
  if (!(schedule.begin >= 0 && schedule.begin <= schedule.end && schedule.end <= 1))
    return usage_error("pruning from a share of {} to {} of the steps; 0 to 1 in this order was expected",
                       schedule.begin, schedule.end);
  if (!(schedule.power > 0)) return usage_error("the power {} of the schedule is not above 0", schedule.power);
  if (schedule.every < 0) return usage_error("masks every {} steps; a positive number was expected", schedule.every);
  return {};
}

std::pair<int64_t, int64_t> course_steps(const SparsitySchedule& schedule, int64_t steps) {
  const auto at = [steps](double share) { return std::llround(share * static_cast<double>(steps)); };
  const int64_t begin = std::min<int64_t>(at(schedule.begin), std::max<int64_t>(0, steps - 1));
  return {begin, std::clamp<int64_t>(at(schedule.end), begin, std::max(begin, steps - 1))};
}

std::optional<double> sparsity_from(const SparsitySchedule& schedule, int64_t step, int64_t steps) {
  const auto [begin, end] = course_steps(schedule, steps);
  if (step < begin || step > end) return {};
  const int64_t every = schedule.every > 0 ? schedule.every : std::clamp<int64_t>((end - begin) / 50, 1, 100);
  if ((step - begin) % every != 0 && step != end) return {};
  if (schedule.course != SparsityCourse::Polynomial || step == end) return schedule.final;
  const double left = 1 - static_cast<double>(step - begin) / static_cast<double>(end - begin);
  return schedule.final + (schedule.initial - schedule.final) * std::pow(left, schedule.power);
}

}  // namespace pare
