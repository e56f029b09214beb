#include "train/differentiate.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "ops/gradient.h"
#include "passes/rewrite.h"

namespace pare {
namespace {

// Values that depend on a wanted one through floats.
std::unordered_set<const Value*> dependents(const Graph& graph, const std::vector<Value*>& wanted) {
  std::unordered_set<const Value*> found(wanted.begin(), wanted.end());
  for (const auto& node : graph.nodes())
    if (std::any_of(node->operands.begin(), node->operands.end(),
                    [&](const Value* operand) { return operand != nullptr && found.contains(operand); }))
      for (const Value* result : node->results)
        if (result->type.dtype == DType::Float32) found.insert(result);
  return found;
}

bool has_fused_activation(const Node& node) {
  // That of a batch normalisation belongs to its gradient.
  return !node.is("batch_normalization_training") &&
         fused_activation(node).value_or(Activation::None) != Activation::None;
}

class Differentiation {
 public:
  Differentiation(Graph& graph, const std::vector<Value*>& wanted)
      : graph_(graph), dependents_(dependents(graph, wanted)) {}

  Value* gradient(const Value* value) const {
    const auto found = gradients_.find(value);
    return found == gradients_.end() ? nullptr : found->second;
  }

  Expected<void> add(const Value* value, Value* part) {
    Value*& sum = gradients_[value];
    if (sum == nullptr) {
      sum = part;
      return {};
    }
    PARE_ASSIGN(Node * node,
                graph_.append(*find_op("add"), find_op("add")->attributes, {sum, part}, {value->name + "/gradient"}));
    sum = node->result();
    return {};
  }

  Expected<void> visit(const Node& node) {
    std::vector<Value*> gradients;
    for (const Value* result : node.results) gradients.push_back(gradient(result));
    std::vector<bool> wanted;
    for (const Value* operand : node.operands)
      wanted.push_back(operand != nullptr && dependents_.contains(operand) && operand->type.dtype == DType::Float32);
    const auto is_set = [](auto each) { return static_cast<bool>(each); };
    if (std::none_of(gradients.begin(), gradients.end(), is_set) || std::none_of(wanted.begin(), wanted.end(), is_set))
      return {};
    PARE_ASSIGN(const GradientRule rule, rule_of(node));
    GradientBuilder build(graph_, node, std::move(gradients), std::move(wanted));
    rule(build);
    PARE_ASSIGN(const std::vector<Value*> given, build.gradients_of_operands());
    for (size_t i = 0; i < given.size(); ++i)
      if (given[i] != nullptr) PARE_TRY(add(node.operands[i], given[i]));
    return {};
  }

 private:
  static Expected<GradientRule> rule_of(const Node& node) {
    const GradientEntry entry = gradient_of(node.op().name);
    if (entry.rule == nullptr)
      return Failure(Error{ErrorCode::Unsupported, fmt::format("cannot be trained through: {}", entry.reason),
                           describe(node), nullptr});
    if (has_fused_activation(node))
      return Failure(Error{ErrorCode::Unsupported, "its fused activation must be split off before training",
                           describe(node), nullptr});
    return entry.rule;
  }

  Graph& graph_;
  std::unordered_set<const Value*> dependents_;
  std::unordered_map<const Value*, Value*> gradients_;
};

}  // namespace

Expected<std::vector<Value*>> differentiate(Graph& graph, Value* loss, const std::vector<Value*>& wanted) {
  PARE_CHECK(loss->type.shape.is_static() && loss->type.shape.elements() == 1, "the loss is {}",
             loss->type.shape.to_string());
  std::vector<const Node*> forward;
  for (const auto& node : graph.nodes()) forward.push_back(node.get());
  Differentiation differentiation(graph, wanted);
  Tensor one(DType::Float32, loss->type.shape);
  one.mutable_values<float>()[0] = 1;
  PARE_TRY(differentiation.add(loss, graph.add_constant(loss->name + "/gradient", std::move(one))));
  for (auto node = forward.rbegin(); node != forward.rend(); ++node) PARE_TRY(differentiation.visit(**node));
  std::vector<Value*> gradients;
  for (const Value* value : wanted) gradients.push_back(differentiation.gradient(value));
  return gradients;
}

}  // namespace pare
