// Composite operators stand for a graph of simpler ones. This works on a model, since the bodies are graphs of their own.
#pragma once

#include "base/error.h"
#include "ir/model.h"

namespace pare {

// Writes the body of every composite in its place, bodies within bodies too, and drops graphs that nothing refers to any more.
// Returns how many were written out. BadInput where a composite names a graph that does not exist, that takes other operands, or
// that contains itself.
Expected<size_t> inline_composites(Model& model);

}  // namespace pare
