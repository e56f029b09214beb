// Layers of a network that loses channels, fitted to what they computed before.
#pragma once

#include "compress/channel_groups.h"
#include "steps/layerwise.h"

namespace pare {

// Weights that read leaving channels become zero, and what stays of each layer comes as close as it can, by least squares over the samples and
// in the order of the network, to what the layer computed before from what it gets now (He et al., "Channel Pruning", 2017; with windows of
// any size). Biases, or the means of normalisations behind, make up for the means. Call before remove_channels(). Fails as observe_products().
Expected<void> fit_narrowed(Graph& graph, const std::vector<ChannelGroup>& groups,
                            const std::vector<LeavingChannels>& leaving, const SampleSource& samples, int threads,
                            const LayerObserver& observer = {});

}  // namespace pare
