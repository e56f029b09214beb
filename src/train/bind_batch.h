// A network for one sample, or for any number of them, as one for a batch.
#pragma once

#include "base/error.h"
#include "ir/graph.h"

namespace pare {

// Gives each input `batch` samples and infers all types. Networks that were written for one sample at a time take several too: their
// inputs have the batch 1, and where reshapes name it they follow.
Expected<void> bind_batch(Graph& graph, int64_t batch);

}  // namespace pare
