#include "compress/masks.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace pare {
namespace {

// The weights of a tensor as units that go or stay together.
struct Units {
  std::vector<int32_t> unit_of;  // of each weight
  std::vector<float> scores;     // of each unit
  std::vector<int64_t> weights;  // in each unit
  std::vector<char> may_go;
};

// The number of the block that each weight belongs to.
std::vector<int32_t> blocks_of(const Shape& shape, const std::vector<int64_t>& extents) {
  const auto elements = static_cast<size_t>(shape.elements());
  std::vector<int32_t> unit(elements, 0);
  if (std::ranges::all_of(extents, [](int64_t extent) { return extent == 1; })) {
    std::iota(unit.begin(), unit.end(), 0);
    return unit;
  }
  int64_t inner = static_cast<int64_t>(elements);  // weights for one index of this axis and those before it
  for (int64_t axis = 0; axis < shape.rank(); ++axis) {
    const int64_t extent = shape[axis], block = extents[static_cast<size_t>(axis)],
                  blocks = (extent + block - 1) / block;
    inner /= std::max<int64_t>(1, extent);
    for (size_t i = 0; i < elements; ++i) {
      const int64_t index = static_cast<int64_t>(i) / inner % extent;
      unit[i] = static_cast<int32_t>(unit[i] * blocks + index / block);
    }
  }
  return unit;
}

// Of every m neighbours along the last axis only the m - n smallest may go.
void protect_largest(const ScoredWeights& weights, std::vector<char>& may_go) {
  const SparsityPattern& pattern = weights.pattern;
  const int64_t row = weights.shape.rank() == 0 ? 1 : weights.shape[-1];
  std::vector<size_t> order;
  for (int64_t begin = 0; begin < weights.shape.elements(); begin += row)
    for (int64_t from = begin; from < begin + row; from += pattern.m) {
      order.resize(static_cast<size_t>(std::min(pattern.m, begin + row - from)));
      std::iota(order.begin(), order.end(), static_cast<size_t>(from));
      std::stable_sort(order.begin(), order.end(),
                       [&](size_t a, size_t b) { return weights.scores[a] > weights.scores[b]; });
      for (size_t i = 0; i < std::min(order.size(), static_cast<size_t>(pattern.n)); ++i) may_go[order[i]] = 0;
    }
}

Expected<Units> units_of(const ScoredWeights& weights) {
  PARE_ASSIGN(const std::vector<int64_t> extents, block_extents(weights.pattern, weights.shape));
  Units units{.unit_of = blocks_of(weights.shape, extents)};
  const size_t count = units.unit_of.empty()
                           ? 0
                           : static_cast<size_t>(*std::max_element(units.unit_of.begin(), units.unit_of.end())) + 1;
  std::vector<double> sums(count, 0);
  std::vector<float> largest(count, 0);
  units.weights.resize(count, 0);
  for (size_t i = 0; i < units.unit_of.size(); ++i) {
    const auto unit = static_cast<size_t>(units.unit_of[i]);
    sums[unit] += weights.scores[i];
    largest[unit] = std::max(largest[unit], weights.scores[i]);
    ++units.weights[unit];
  }
  for (size_t u = 0; u < count; ++u)
    units.scores.push_back(weights.pattern.block_score == BlockScore::Maximum
                               ? largest[u]
                               : static_cast<float>(sums[u] / static_cast<double>(units.weights[u])));
  units.may_go.assign(count, 1);
  if (weights.pattern.is_n_of_m()) protect_largest(weights, units.may_go);
  return units;
}

// A unit of one of several tensors.
struct Candidate {
  float score;
  int32_t tensor, unit;
};

// The order in which candidates go: the smallest score first, of equal ones the last.
bool goes_before(const Candidate& a, const Candidate& b) {
  if (a.score != b.score) return a.score < b.score;
  return a.tensor != b.tensor ? a.tensor > b.tensor : a.unit > b.unit;
}

Tensor mask_without(const Shape& shape, const Units& units, const std::vector<char>& gone) {
  Tensor mask(DType::Float32, shape);
  const auto values = mask.mutable_values<float>();
  for (size_t i = 0; i < values.size(); ++i) values[i] = gone[static_cast<size_t>(units.unit_of[i])] != 0 ? 0.f : 1.f;
  return mask;
}

// How many of the candidates go, which then come first. Blocks at an edge hold fewer weights than others.
size_t going(std::vector<Candidate>& candidates, const std::vector<Units>& units, double weights) {
  const auto size_of = [&](const Candidate& each) {
    return units[static_cast<size_t>(each.tensor)].weights[static_cast<size_t>(each.unit)];
  };
  if (candidates.empty()) return 0;
  const bool alike =
      std::ranges::all_of(candidates, [&](const Candidate& each) { return size_of(each) == size_of(candidates[0]); });
  if (alike) {
    const double wanted = std::round(weights / static_cast<double>(size_of(candidates[0])));
    const auto count = std::min(candidates.size(), static_cast<size_t>(wanted));
    std::nth_element(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(count), candidates.end(),
                     goes_before);
    return count;
  }
  std::sort(candidates.begin(), candidates.end(), goes_before);
  size_t count = 0;
  for (double left = weights; count < candidates.size(); ++count) {
    const auto size = static_cast<double>(size_of(candidates[count]));
    if (left < size / 2) break;
    left -= size;
  }
  return count;
}

// Takes out the smallest units until `weights` weights are gone.
std::vector<Tensor> without_smallest(const std::vector<ScoredWeights>& tensors, const std::vector<Units>& units,
                                     double weights) {
  std::vector<Candidate> candidates;
  for (size_t t = 0; t < units.size(); ++t)
    for (size_t u = 0; u < units[t].scores.size(); ++u)
      if (units[t].may_go[u] != 0)
        candidates.push_back({units[t].scores[u], static_cast<int32_t>(t), static_cast<int32_t>(u)});
  const size_t count = going(candidates, units, weights);
  std::vector<std::vector<char>> gone;
  for (const Units& each : units) gone.emplace_back(each.scores.size(), 0);
  for (size_t i = 0; i < count; ++i)
    gone[static_cast<size_t>(candidates[i].tensor)][static_cast<size_t>(candidates[i].unit)] = 1;
  std::vector<Tensor> masks;
  for (size_t t = 0; t < tensors.size(); ++t) masks.push_back(mask_without(tensors[t].shape, units[t], gone[t]));
  return masks;
}

// The square of each score as a share of the squares of all that are at least as large.
void to_lamp_scores(std::vector<float>& scores) {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  double sum = 0;
  for (const size_t i : order) {
    const double square = static_cast<double>(scores[i]) * scores[i];
    sum += square;
    scores[i] = sum > 0 ? static_cast<float>(square / sum) : 0;
  }
}

// The smallest units of all tensors go.
Expected<std::vector<Tensor>> global_masks(const std::vector<ScoredWeights>& tensors, double sparsity,
                                           bool lamp = false) {
  std::vector<Units> units;
  double weights = 0;
  for (const ScoredWeights& each : tensors) {
    PARE_ASSIGN(Units of_tensor, units_of(each));
    if (lamp) to_lamp_scores(of_tensor.scores);
    units.push_back(std::move(of_tensor));
    weights += static_cast<double>(each.shape.elements());
  }
  return without_smallest(tensors, units, std::round(sparsity * weights));
}

}  // namespace

Expected<Tensor> mask_of(const ScoredWeights& weights, double sparsity) {
  PARE_ASSIGN(std::vector<Tensor> masks, global_masks({weights}, sparsity));
  return std::move(masks[0]);
}

Expected<std::vector<Tensor>> masks_of(const std::vector<ScoredWeights>& tensors, SparsityBudget budget,
                                       double sparsity) {
  if (std::ranges::any_of(tensors, [](const ScoredWeights& each) { return each.pattern.is_n_of_m(); }))
    budget = SparsityBudget::Uniform;
  if (budget == SparsityBudget::Global || budget == SparsityBudget::Lamp)
    return global_masks(tensors, sparsity, budget == SparsityBudget::Lamp);
  std::vector<double> sparsities(tensors.size(), sparsity);
  if (budget == SparsityBudget::Erk) {
    std::vector<Shape> shapes;
    for (const ScoredWeights& each : tensors) shapes.push_back(each.shape);
    sparsities = erk_sparsities(shapes, sparsity);
  }
  std::vector<Tensor> masks;
  for (size_t t = 0; t < tensors.size(); ++t) {
    PARE_ASSIGN(Tensor mask, mask_of(tensors[t], sparsities[t]));
    masks.push_back(std::move(mask));
  }
  return masks;
}

std::vector<float> magnitudes(const Tensor& weights) {
  std::vector<float> scores;
  for (const float weight : weights.values<float>()) scores.push_back(std::abs(weight));
  return scores;
}

double sparsity_of(const Tensor& weights) {
  const auto values = weights.values<float>();
  if (values.empty()) return 0;
  return static_cast<double>(std::ranges::count(values, 0.f)) / static_cast<double>(values.size());
}

}  // namespace pare
