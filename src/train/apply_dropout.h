// Dropout as training has it.
#pragma once

#include "base/error.h"
#include "ir/graph.h"

namespace pare {

// Multiplies by random masks in the place of `dropout`: new ones in each step, the same ones for the same seed and number of the step.
// `step` is i32[1]. All shapes must be static.
Expected<void> apply_dropout(Graph& graph, Value* step, uint64_t seed);

// Lets everything through instead; what is left out stays, without readers.
void leave_out_dropout(Graph& graph);

}  // namespace pare
