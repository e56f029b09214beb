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
  // Mean square by which its output differs from that of the network as it was, as a share of its own. Without training only.
  std::optional<double> output_error = {};
};

// Of weights as their mask leaves them.
PrunedLayer describe_layer(const Graph& network, const PrunedWeights& pruned);

struct PruneResult {
  Model model;                          // has the masks
  std::optional<TrainResult> training;  // without its model
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
