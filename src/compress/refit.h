// Layers that lose channels of what they read make up for them by those that stay.
#pragma once

#include "base/sample_source.h"
#include "compress/channel_groups.h"

namespace pare {

struct RefitOptions {
  double ridge = 1e-3;  // of the mean variance of the channels, added to each
  int threads = 1;
};

// Each leaving channel is predicted from those of its group that stay, x_r ~ A x_k + b, by least squares over the places of the samples;
// what reads it takes W_k + W_r A, and W_r b goes into its bias, where it has one. For layers whose window is one element this is the
// least squares fit of their result, W' = W G[:, K] (G[K, K] + eI)^-1 (He et al., "Channel Pruning", 2017); at padded borders
// of others it holds roughly. Call before remove_channels(). Readers whose channels do not lie innermost stay as they are.
Expected<void> refit_readers(Graph& graph, const std::vector<ChannelGroup>& groups,
                             const std::vector<LeavingChannels>& leaving, const SampleSource& samples,
                             const RefitOptions& options);

}  // namespace pare
