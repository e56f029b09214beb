// Structured pruning as one step: a network and a data set in, a smaller network of the same kind out.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "steps/narrow.h"
#include "steps/train.h"

namespace pare {

// One operator with weights, or the whole network, whose channels are the sums.
struct NarrowedLayer {
  struct Size {
    int64_t channels = 0, multiply_adds = 0, weights = 0;
  };
  std::string layer;
  Size before, after;
};

struct PruneChannelsOptions {
  TrainOptions train{.epochs = 5};  // after each removal; 0 epochs: none
  NarrowOptions narrow;
  int64_t samples = 512;  // that channels are judged by and layers are fitted to
  int64_t rounds = 1;     // removals, each followed by training: the share shrinks by the same factor in each
  SelfTeaching teaching;
  // Called before the training behind each removal, also where a run is taken up in it, with what the network was before all and is now.
  std::function<void(const NarrowedLayer& whole)> on_removal;
};

struct PruneChannelsResult {
  Model model;
  std::optional<TrainResult> training;  // of the last round, without its model
  std::vector<NarrowedLayer> layers;    // all with weights
  NarrowedLayer whole;
  std::vector<std::vector<RemovedChannels>> removed;  // in each round of this run
  std::vector<FixedChannels> fixed;                   // layers whose channels had to stay
  ModelLatency latency_before, latency_after;
};

// Fails as narrow() and train().
Expected<PruneChannelsResult> prune_channels(const Model& model, const DataSet& set,
                                             const PruneChannelsOptions& options, const TrainObserver& observer = {});

}  // namespace pare
