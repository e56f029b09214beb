// How much channels matter by first derivatives.
#pragma once

#include "compress/channel_scores.h"
#include "data/data_set.h"
#include "train/loss.h"

namespace pare {

struct TaylorOptions {
  Loss loss = Loss::CrossEntropy;
  int64_t batch = 16;
  uint64_t seed = 1;
  int threads = 1;
};

// Of each channel the sum over batches of (sum of g w)^2 over the weights that read it, g the gradient of the loss: what its absence changes in
// the loss, to the first order. Molchanov et al., "Importance Estimation for Neural Network Pruning" (2019). Groups point into
// `network`, a float network without normalisations that training changes. Samples without targets are labelled by what
// the network itself makes of them; Unsupported where that is no class.
Expected<std::vector<ChannelScores>> taylor_scores(const Graph& network, const std::vector<ChannelGroup>& groups,
                                                   const DataView& samples, const TaylorOptions& options);

}  // namespace pare
