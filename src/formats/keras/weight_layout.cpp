#include "formats/keras/weight_layout.h"

#include <algorithm>

namespace pare::keras {
namespace {

Shape permuted(const Shape& shape, const std::vector<int>& permutation) {
  if (permutation.empty()) return shape;
  Shape result;
  for (const int dimension : permutation) result.push_back(shape[dimension]);
  return result;
}

// Copies a tensor with its dimensions permuted: result dimension i is source dimension permutation[i].
Tensor transpose(const Tensor& source, const std::vector<int>& permutation) {
  const int rank = source.shape().rank();
  const std::vector<int64_t> source_strides = row_major_strides(source.shape());
  const Shape shape = permuted(source.shape(), permutation);
  std::vector<int64_t> strides;
  for (const int dimension : permutation) strides.push_back(source_strides[static_cast<size_t>(dimension)]);
  Tensor result(source.dtype(), shape);
  const auto from = source.values<float>();
  std::vector<int64_t> at(static_cast<size_t>(rank), 0);
  int64_t offset = 0;
  for (float& to : result.mutable_values<float>()) {
    to = from[static_cast<size_t>(offset)];
    for (int d = rank - 1; d >= 0; --d) {  // the next position, as an odometer counts
      const auto i = static_cast<size_t>(d);
      offset += strides[i];
      if (++at[i] < shape[d]) break;
      offset -= at[i] * strides[i];
      at[i] = 0;
    }
  }
  return result;
}

}  // namespace

WeightLayout layout_of(Shape file, std::vector<int> permutation, Shape graph) {
  if (graph.empty()) graph = permuted(file, permutation);
  return {std::move(file), std::move(permutation), std::move(graph)};
}

bool is_valid(const WeightLayout& layout) {
  const auto elements = layout.file.checked_elements();
  if (!elements || layout.graph.checked_elements() != elements) return false;
  std::vector<int> sorted = layout.permutation;
  std::ranges::sort(sorted);
  for (size_t i = 0; i < sorted.size(); ++i)
    if (sorted[i] != static_cast<int>(i)) return false;
  return sorted.empty() || static_cast<int>(sorted.size()) == layout.file.rank();
}

Tensor to_graph(const WeightLayout& layout, const Tensor& weight) {
  return (layout.permutation.empty() ? weight : transpose(weight, layout.permutation)).reshaped(layout.graph);
}

Tensor to_file(const WeightLayout& layout, const Tensor& constant) {
  if (layout.permutation.empty()) return constant.reshaped(layout.file);
  std::vector<int> inverse(layout.permutation.size());
  for (size_t i = 0; i < inverse.size(); ++i) inverse[static_cast<size_t>(layout.permutation[i])] = static_cast<int>(i);
  return transpose(constant.reshaped(permuted(layout.file, layout.permutation)), inverse);
}

}  // namespace pare::keras
