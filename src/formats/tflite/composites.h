// Composite operators name the graph that computes them.
#pragma once

#include "ir/model.h"

namespace pare::tflite {

// Checks that each composite names a graph of the model with as many inputs and outputs of the same types, that no graph is part of
// itself, and that putting them in place does not make a network beyond any memory.
Expected<void> check_composites(const Model& model);

}  // namespace pare::tflite
