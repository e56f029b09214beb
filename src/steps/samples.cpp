#include "steps/samples.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "eval/real_values.h"

namespace pare {
namespace {

// The position in the view of each input of the graph.
Expected<std::vector<size_t>> match_inputs(const Graph& graph, const std::vector<std::string>& arrays) {
  std::vector<std::string> names;
  for (const Value* input : graph.inputs) names.push_back(input->name);
  if (arrays.size() != graph.inputs.size())
    return bad_input("the data set has {} arrays a sample ({}), the model takes {} ({})", arrays.size(),
                     fmt::join(arrays, ", "), names.size(), fmt::join(names, ", "));
  if (arrays.size() == 1) return std::vector<size_t>{0};
  std::vector<size_t> order;
  for (const std::string& name : names) {
    const auto found = std::find(arrays.begin(), arrays.end(), name);
    if (found == arrays.end())
      return bad_input("the data set has no array '{}', which the model takes; it has {}", name,
                       fmt::join(arrays, ", "));
    order.push_back(static_cast<size_t>(found - arrays.begin()));
  }
  return order;
}

// The batch may differ.
Expected<void> check_sample(const Tensor& sample, const Value& input) {
  Shape shape = sample.shape();
  if (shape.rank() > 0 && input.type.shape.rank() > 0) shape[0] = input.type.shape[0];
  if (sample.dtype() == input.type.dtype && input.type.shape.compatible_with(shape)) return {};
  return bad_input("a sample is {}{}, the model takes {}{} for '{}'; see [preprocess] in docs/data_sets.md",
                   to_string(sample.dtype()), sample.shape().to_string(), to_string(input.type.dtype),
                   input.type.shape.to_string(), input.name);
}

}  // namespace

Expected<DataView> calibration_samples(const DataSet& set, int64_t count) {
  if (!set.divided()) return set.split(Split::Calibration).map([&](const DataView& view) { return view.first(count); });
  for (const Split split : {Split::Calibration, Split::Train})
    if (set.has(split)) return set.split(split).map([&](const DataView& view) { return view.first(count); });
  return bad_input("the data set {} has neither a split 'calibration' nor 'train'; `pare data split` makes one",
                   set.name());
}

Expected<DataView> in_order_of(const Graph& graph, const DataView& view) {
  return match_inputs(graph, view.inputs()).map([&](const std::vector<size_t>& order) {
    return view.with_inputs(order);
  });
}

Expected<SampleSource> source_for(const Graph& graph, const DataView& view) {
  PARE_ASSIGN(const DataView ordered, in_order_of(graph, view));
  std::vector<TensorType> types;
  for (const Value* input : graph.inputs) types.push_back(input->type);
  const SampleSource stored = ordered.source();
  SampleSource source{stored.count, [stored, types](int64_t first, int64_t size) -> Expected<std::vector<Tensor>> {
                        PARE_ASSIGN(std::vector<Tensor> arrays, stored.read(first, size));
                        for (size_t i = 0; i < arrays.size(); ++i)
                          arrays[i] = stored_as(types[i], std::move(arrays[i]));
                        return arrays;
                      }};
  if (source.count == 0) return bad_input("the data set has no samples");
  PARE_ASSIGN(const std::vector<Tensor> sample, source.read(0, 1));
  for (size_t i = 0; i < sample.size(); ++i) PARE_TRY(check_sample(sample[i], *graph.inputs[i]));
  return source;
}

Expected<SampleSource> calibration_source(const Graph& graph, const DataSet& set, int64_t count) {
  PARE_ASSIGN(const DataView view, calibration_samples(set, count));
  return source_for(graph, view);
}

Expected<SampleSource> calibration_source(const Graph& graph, const std::string& path, int64_t count) {
  PARE_ASSIGN(const DataSet set, DataSet::open(path));
  PARE_ASSIGN(const DataView view, calibration_samples(set, count));
  PARE_ASSIGN_IN(SampleSource source, source_for(graph, view), path);
  return source;
}

Expected<bool> has_targets(const DataSet& set) {
  if (set.divided() && !set.has(Split::Train)) return true;
  PARE_ASSIGN(const DataView view, set.split(Split::Train));
  return view.target() != TargetKind::None;
}

}  // namespace pare
