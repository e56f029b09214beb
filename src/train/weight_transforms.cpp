#include "train/weight_transforms.h"

#include "engine/evaluate.h"

namespace pare {
Expected<Node*> insert_weight_transform(Graph& graph, Node& user, size_t operand, std::string_view op,
                                        const Attributes& attributes, const std::vector<Value*>& parameters,
                                        std::string name) {
  const OpDef& def = *find_op(op);
  const WeightTransform kind = def.traits.weight_transform;
  PARE_CHECK(kind != WeightTransform::None, "'{}' is no transform of weights", op);
  // Backwards along the chain, to the first that the new one comes behind.
  Node* reader = &user;
  size_t at = operand;
  while (transform_of(reader->operands[at]) > kind) {
    reader = reader->operands[at]->producer;
    at = 0;
  }
  Value* weights = reader->operands[at];
  if (transform_of(weights) == kind)
    return usage_error("the weights '{}' go through {} already", untransformed(weights)->name, op);
  std::vector<Value*> operands{weights};
  operands.insert(operands.end(), parameters.begin(), parameters.end());
  PARE_ASSIGN(Node * inserted, graph.append(def, attributes, operands, {std::move(name)}));
  graph.move_last_before(reader);
  reader->operands[at] = inserted->result();
  return inserted;
}

Expected<Tensor> transformed(const Value& value) {
  if (value.is_constant()) return *value.data;
  PARE_CHECK(transform_of(&value) != WeightTransform::None, "'{}' does not come from constant weights", value.name);
  const Node& node = *value.producer;
  Graph alone;
  std::vector<Value*> operands;
  for (const Value* operand : node.operands) {
    if (operand == nullptr) {
      operands.push_back(nullptr);
      continue;
    }
    PARE_ASSIGN(Tensor data, transformed(*operand));
    operands.push_back(alone.add_constant(operand->name, std::move(data)));
  }
  PARE_ASSIGN(const Node* copy, alone.append(node.op(), node.attributes, operands, {value.name}));
  PARE_ASSIGN(std::vector<Tensor> results, evaluate(*copy));
  return std::move(results[0]);
}

}  // namespace pare
