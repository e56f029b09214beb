// Which weights of a network a technique works on, by the names of the operators that read them.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "ir/graph.h"

namespace pare {

// Operators that are chosen whatever their names.
enum class WeightPolicy {
  All,
  Xnnpack,  // those that XNNPACK's sparse kernels multiply with, see sparse_inference.h
};
template <>
struct EnumNames<WeightPolicy> {
  static constexpr std::array<std::string_view, 2> names{"all", "xnnpack"};
};

// What all of these choose is chosen.
struct WeightChoice {
  std::vector<std::string> include;  // patterns of names
  std::vector<std::string> exclude;
  std::vector<std::string> types;  // of operators; empty, and `include`, too: all but depthwise convolutions
  WeightPolicy policy = WeightPolicy::All;
};

// The choice in words that tell it from others.
std::string to_string(const WeightChoice& choice);

struct ChosenWeights {
  Node* node = nullptr;
  size_t operand = 0;        // of the node; constant float32 weights stand there, maybe behind transforms
  Value* weights = nullptr;  // those constants

  Value* end_of_chain() const { return node->operands[operand]; }
};

// Of the output channels, counted from the front.
int output_axis(const ChosenWeights& chosen);

// In the order of execution; weights that several operators read come once for each. Fails for patterns and types that match no operator with
// weights, as check_sparse_inference() with that policy, and with Unsupported where nothing is chosen: "there is nothing to `verb`".
Expected<std::vector<ChosenWeights>> chosen_weights(const Graph& network, const WeightChoice& choice,
                                                    std::string_view verb);

}  // namespace pare
