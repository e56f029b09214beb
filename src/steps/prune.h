// Pruning as one step: a network and a data set in, the network with zeros in its weights out.
#pragma once

#include <string>
#include <vector>

#include "compress/weight_statistics.h"
#include "steps/train.h"
#include "train/pruning.h"

namespace pare {

struct PruneOptions {
  TrainOptions train{.epochs = 2};
  PruningOptions pruning;
  SelfTeaching teaching;
};

// The weights of one layer afterwards.
struct PrunedLayer {
  std::string layer;
  Shape shape;
  WeightStatistics statistics;
};

struct PruneResult {
  TrainResult training;  // its model has the masks
  std::vector<PrunedLayer> layers;

  int64_t weights() const;
  int64_t zeros() const;
  double sparsity() const;
  int64_t entropy_bytes() const;  // as in WeightStatistics
};

// Masks that an earlier step left are taken up. Fails as train() and insert_masks().
Expected<PruneResult> prune(const Model& model, const DataSet& set, const PruneOptions& options,
                            const TrainObserver& observer = {});

}  // namespace pare
