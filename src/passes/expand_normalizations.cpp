// Over the normalised dimensions, with c = x - mean(x):  y = gamma c rsqrt(mean(c^2) + epsilon) + beta.
//
// Layer normalisation takes the dimensions from `axis` on. Group normalisation parts the channels: x is seen as
// N,...,groups,channels/groups and the mean goes over all but N and groups; gamma and beta act on the original shape.
#include <numeric>

#include "ops/normalization.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace pare {
namespace {

Value* mean(Expansion& expand, Value* src, const std::vector<int32_t>& dimensions) {
  return expand.op("mean", {src, expand.constant(Tensor::vector(dimensions))}, {{"keep_dims", true}});
}

Value* standardize(Expansion& expand, Value* src, const std::vector<int32_t>& dimensions, float epsilon) {
  Value* centred = expand.op("sub", {src, mean(expand, src, dimensions)});
  Value* variance = mean(expand, expand.op("mul", {centred, centred}), dimensions);
  return expand.op("mul", {centred, expand.op("rsqrt", {expand.op("add", {variance, expand.constant(epsilon)})})});
}

Value* scale_and_shift(Expansion& expand, const Node& node, Value* value) {
  if (node.operand(1) != nullptr) value = expand.op("mul", {value, node.operand(1)});
  if (node.operand(2) != nullptr) value = expand.op("add", {value, node.operand(2)});
  return value;
}

Value* layer(Expansion& expand, const Node& node) {
  const auto& attributes = node.attrs<LayerNormalizationAttributes>();
  const int rank = node.operand(0)->type.shape.rank();
  std::vector<int32_t> dimensions;
  for (int64_t d = attributes.axis < 0 ? attributes.axis + rank : attributes.axis; d < rank; ++d)
    dimensions.push_back(static_cast<int32_t>(d));
  return scale_and_shift(expand, node, standardize(expand, node.operand(0), dimensions, attributes.epsilon));
}

// A reshape can leave one extent open; the group form needs the others known.
bool can_part(const Node& node) {
  const Shape& shape = node.operand(0)->type.shape;
  return std::count(shape.begin(), shape.end(), kDynamic) <= 1;
}

Value* reshape(Expansion& expand, Value* src, const std::vector<int64_t>& shape) {
  return expand.op("reshape", {src, expand.constant(Tensor::vector(std::vector<int32_t>(shape.begin(), shape.end())))});
}

Value* group(Expansion& expand, const Node& node) {
  const auto& attributes = node.attrs<GroupNormalizationAttributes>();
  const std::vector<int64_t> original = node.operand(0)->type.shape.dims();
  std::vector<int64_t> parted = original;
  parted.back() = attributes.groups;
  parted.push_back(original.back() / attributes.groups);
  std::vector<int32_t> dimensions;
  for (size_t d = 1; d < parted.size(); ++d)
    if (d != parted.size() - 2) dimensions.push_back(static_cast<int32_t>(d));
  Value* standard = standardize(expand, reshape(expand, node.operand(0), parted), dimensions, attributes.epsilon);
  return scale_and_shift(expand, node, reshape(expand, standard, original));
}

}  // namespace

Expected<size_t> expand_normalizations(Graph& graph, const Evaluator&) {
  size_t expanded = 0;
  for (size_t i = 0; i < graph.nodes().size(); ++i) {
    Node* node = graph.nodes()[i].get();
    const bool is_layer = node->is("layer_normalization"),
               is_group = node->is("group_normalization") && can_part(*node);
    if (!is_layer && !is_group) continue;
    Expansion expand(graph, node);
    PARE_TRY(expand.finish(is_layer ? layer(expand, *node) : group(expand, *node)));
    ++expanded;
  }
  return expanded;
}

}  // namespace pare
