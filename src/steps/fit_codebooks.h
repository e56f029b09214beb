// The codebooks of a network fitted to samples without training.
#pragma once

#include "steps/layerwise.h"
#include "train/clustering.h"

namespace pare {

// Makes the codebooks of weights anew, layer after layer; those of biases stay. Fails as observe_products().
Expected<void> fit_codebooks(Graph& network, const std::vector<ClusteredWeights>& clustered,
                             const CodebookOptions& options, const SampleSource& samples, int threads,
                             const LayerObserver& observer);

}  // namespace pare
