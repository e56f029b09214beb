// Which weights of a network a technique works on, by the names of the operators that read them.
#pragma once

#include <string>
#include <vector>

#include "ir/graph.h"

namespace pare {

struct WeightChoice {
  std::vector<std::string> include;  // patterns; empty: all operators with weights but depthwise ones
  std::vector<std::string> exclude;
};

struct ChosenWeights {
  Node* node = nullptr;
  size_t operand = 0;        // of the node; constant float32 weights stand there, maybe behind transforms
  Value* weights = nullptr;  // those constants

  Value* end_of_chain() const { return node->operands[operand]; }
};

// Of the output channels, counted from the front.
int output_axis(const ChosenWeights& chosen);

// In the order of execution; weights that several operators read come once for each. Fails for patterns that match no operator with
// weights, and with Unsupported where nothing is chosen: "there is nothing to `verb`".
Expected<std::vector<ChosenWeights>> chosen_weights(const Graph& network, const WeightChoice& choice,
                                                    std::string_view verb);

}  // namespace pare
