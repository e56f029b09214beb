#include "ir/weight_chain.h"

namespace pare {

WeightTransform transform_of(const Value* value) {
  return value->producer == nullptr ? WeightTransform::None : value->producer->op().traits.weight_transform;
}

const Value* untransformed(const Value* value) {
  while (transform_of(value) != WeightTransform::None) value = value->producer->operand(0);
  return value;
}

Value* untransformed(Value* value) { return const_cast<Value*>(untransformed(static_cast<const Value*>(value))); }

const Node* chain_node(const Value* end, WeightTransform kind) {
  for (; transform_of(end) != WeightTransform::None; end = end->producer->operand(0))
    if (transform_of(end) == kind) return end->producer;
  return nullptr;
}

Node* chain_node(Value* end, WeightTransform kind) {
  return const_cast<Node*>(chain_node(static_cast<const Value*>(end), kind));
}

}  // namespace pare
