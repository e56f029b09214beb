#include "train/bind_batch.h"

#include <algorithm>

#include "ops/reshape.h"

namespace pare {
namespace {

// The shape that a reshape of one sample gives, for `batch` of them.
void widen(Graph& graph, Node& reshape, int64_t batch) {
  const Value* shape = reshape.operand(1);
  std::vector<int64_t> extents = reshape.attrs<ReshapeAttributes>().new_shape;
  if (shape != nullptr) {
    if (!shape->is_constant()) return;
    extents = to_int64(*shape->data);
  }
  if (extents.empty() || extents.front() != 1) return;
  Tensor widened(DType::Int32, {static_cast<int64_t>(extents.size())});
  extents.front() = batch;
  std::ranges::copy(extents, widened.mutable_values<int32_t>().begin());
  reshape.operands.resize(2);
  reshape.operands[1] = graph.add_constant(reshape.name + "/shape", std::move(widened));
}

}  // namespace

Expected<void> bind_batch(Graph& graph, int64_t batch) {
  bool one_sample = false;
  for (Value* input : graph.inputs)
    for (int i = 0; i < input->type.shape.rank(); ++i) {
      int64_t& extent = input->type.shape[i];
      one_sample |= i == 0 && extent == 1 && batch != 1;
      if (extent == kDynamic || (i == 0 && extent == 1)) extent = i == 0 ? batch : 1;
    }
  if (one_sample)
    for (const auto& node : graph.nodes())
      if (node->is("reshape")) widen(graph, *node, batch);
  return infer_types(graph);
}

}  // namespace pare
