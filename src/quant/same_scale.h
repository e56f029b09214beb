// Values that must share one scale and zero point, found before any scale is chosen.
#pragma once

#include <unordered_map>
#include <vector>

#include "quant/plan.h"
#include "quant/statistics.h"

namespace pare {

class SameScaleClasses {
 public:
  // Joins operands and results of every integer node whose rule shares scales. A value whose parameters are fixed by its producer
  // joins only a class that is fixed alike, or fed by nothing else; other readers of it requantise.
  SameScaleClasses(const Graph& graph, const std::map<std::string, NodePlan>& nodes, DType activations);

  // The value that stands for the class.
  const Value* representative(const Value* value) const;
  // Parameters fixed for the whole class.
  std::optional<QuantRule::Fixed> fixed(const Value* value) const;

  // Values read under the parameters of another class: node, operand, a member of that class.
  struct Requantized {
    const Node* node;
    size_t operand;
    const Value* as;
  };
  const std::vector<Requantized>& requantized() const { return requantized_; }

 private:
  void join(const Value* a, const Value* b);
  void join_node(const Node& node);

  mutable std::unordered_map<const Value*, const Value*> parent_;
  std::unordered_map<const Value*, QuantRule::Fixed> fixed_;  // by representative
  std::vector<Requantized> requantized_;
};

}  // namespace pare
