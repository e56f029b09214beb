// What trained weights go through on their way into the forward pass: a chain of operators that each take the weights first, in the order
// of WeightTransform. Masks, codebooks and fake quantisation act on weights in training in this way alone, whoever asks for them, so that what one
// step found outlives the next.
#pragma once

#include <string_view>
#include <vector>

#include "ir/weight_chain.h"

namespace pare {

// Puts a transform into the chain in front of an operand, at its place in the order. `parameters` are its operands behind the weights, which
// exist before the user. Its result is called `name`. Fails with Usage where the chain has a transform of this kind.
Expected<Node*> insert_weight_transform(Graph& graph, Node& user, size_t operand, std::string_view op,
                                        const Attributes& attributes, const std::vector<Value*>& parameters,
                                        std::string name);

// What constant weights are behind their chain. Parameters must be constants, too.
Expected<Tensor> transformed(const Value& value);

}  // namespace pare
