// The operators that trained weights go through on their way to where they are used, as their declarations mark them (WeightTransform).
#pragma once

#include "ir/graph.h"

namespace pare {

// Whether a value comes out of such an operator, and of which kind.
WeightTransform transform_of(const Value* value);

// What the chain in front of this value begins with; the value itself where there is none.
Value* untransformed(Value* value);
const Value* untransformed(const Value* value);

// The node of this kind in the chain that ends with this value; null where there is none.
Node* chain_node(Value* end, WeightTransform kind);
const Node* chain_node(const Value* end, WeightTransform kind);

}  // namespace pare
