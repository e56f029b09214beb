// A Keras model whose layers became narrower.
#pragma once

#include "ir/graph.h"
#include "ir/keras_origin.h"

namespace pare {

// What the file has to say for the widths that the graph has now: shapes of weights, numbers of units and filters, shapes that layers name.
// Where the file describes a layer in a way that is not known here, it stays, and writing fails with the difference.
KerasOrigin with_new_widths(KerasOrigin origin, const Graph& network);

}  // namespace pare
