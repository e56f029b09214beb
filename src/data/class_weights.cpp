#include "data/class_weights.h"

#include <algorithm>
#include <cmath>

namespace pare {
namespace {

Expected<std::vector<int64_t>> samples_per_class(const DataView& view) {
  if (view.target() != TargetKind::Class)
    return bad_input("class weights need classes; the target of this data set is '{}'", to_string(view.target()));
  std::vector<int64_t> counts(static_cast<size_t>(view.classes()));
  for (const int64_t label : view.labels()) ++counts[static_cast<size_t>(label)];
  return counts;
}

std::vector<int64_t> empty_ones(const std::vector<int64_t>& counts) {
  std::vector<int64_t> empty;
  for (size_t c = 0; c < counts.size(); ++c)
    if (counts[c] == 0) empty.push_back(static_cast<int64_t>(c));
  return empty;
}

}  // namespace

Expected<ClassWeights> balanced_class_weights(const DataView& view) {
  PARE_ASSIGN(const std::vector<int64_t> counts, samples_per_class(view));
  ClassWeights found{std::vector<float>(counts.size()), empty_ones(counts)};
  const auto present = static_cast<double>(counts.size() - found.empty.size());
  for (size_t c = 0; c < counts.size(); ++c)
    if (counts[c] > 0)
      found.weights[c] =
          static_cast<float>(static_cast<double>(view.count()) / (present * static_cast<double>(counts[c])));
  return found;
}

Expected<ClassWeights> stated_class_weights(const DataView& view, const std::vector<float>& weights) {
  PARE_ASSIGN(const std::vector<int64_t> counts, samples_per_class(view));
  if (weights.size() != counts.size())
    return usage_error("there are {} class weights for {} classes; give one a class", weights.size(), counts.size());
  for (const float weight : weights)
    if (!(weight >= 0) || !std::isfinite(weight))
      return usage_error("the class weight {} must be a number that is not negative", weight);
  if (std::all_of(weights.begin(), weights.end(), [](float weight) { return weight == 0; }))
    return usage_error("all class weights are 0; nothing would be learnt");
  return ClassWeights{weights, empty_ones(counts)};
}

}  // namespace pare
