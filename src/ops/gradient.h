// Gradients as graphs. The gradient rule of an operator appends nodes that compute the gradients of the operands from those of the
// results; the nodes are operators like any others, so that a training step is one graph, planned and run like an inference.
//
// A rule stands in `ops/<stem>_gradient.cpp`; `ops/all_gradients.inc` lists every operator with a rule, or with the reason why it has none.
#pragma once

#include <string_view>
#include <vector>

#include "ir/graph_writer.h"

namespace pare {

// What a rule works with: a node whose results have gradients. Its operands have static shapes. Rules need no checks: once something
// failed, nothing is appended any more.
class GradientBuilder : public GraphWriter {
 public:
  // `gradients`: of the results, null where the loss does not depend on one. `wanted`: which operands need a gradient.
  GradientBuilder(Graph& graph, const Node& node, std::vector<Value*> gradients, std::vector<bool> wanted);

  const Node& node() const { return node_; }
  Value* operand(size_t i) const { return node_.operand(i); }
  Value* result(size_t i = 0) const { return node_.result(i); }
  const Shape& shape(size_t i) const { return node_.operand(i)->type.shape; }
  bool wants(size_t i) const { return i < wanted_.size() && wanted_[i]; }
  Value* gradient(size_t i = 0) const { return gradients_.at(i); }

  // The same elements under another shape; the value itself where it has that shape.
  Value* reshaped(Value* value, const Shape& shape);
  // Summed over the dimensions that broadcasting from `shape` added or stretched.
  Value* reduced(Value* value, const Shape& shape);
  // A tensor of `shape` that repeats the value.
  Value* broadcast(Value* value, const Shape& shape);

  // Hands over the gradient of an operand; what broadcasting stretched is summed. Ignored for operands that need none.
  void give(size_t operand, Value* gradient);
  // The gradients of the operands, null where none was given; or the first failure.
  Expected<std::vector<Value*>> gradients_of_operands();

 private:
  const Node& node_;
  std::vector<Value*> gradients_;
  std::vector<bool> wanted_;
  std::vector<Value*> given_;
};

using GradientRule = void (*)(GradientBuilder& build);

// Either a rule or the reason why there is none.
struct GradientEntry {
  GradientRule rule = nullptr;
  std::string_view reason;
};
// Of an operator by its name; neither rule nor reason for one that is not listed.
GradientEntry gradient_of(std::string_view op_name);

}  // namespace pare
