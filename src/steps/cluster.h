// Clustering as one step: a network in, the network with few different values among its weights out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compress/weight_statistics.h"
#include "steps/layerwise.h"
#include "steps/train.h"
#include "train/clustering.h"

namespace pare {

struct ClusterOptions {
  ClusteringOptions clustering;
  TrainOptions train{.epochs = 1};
  SelfTeaching teaching;
};

// The weights of one layer afterwards, or its biases.
struct ClusteredLayer {
  std::string layer;
  Shape shape;
  WeightStatistics statistics;  // of the values; with scales of channels, before these
  bool scaled = false;          // by a factor for each channel
  double relative_error = 0;    // root of the sum of squares, of what the weights were before
};

struct ClusterResult {
  Model model;  // with the codebooks
  std::optional<TrainResult> training;
  std::vector<ClusteredLayer> layers;
};

// Without training: each weight takes the value of its cluster, which depends on the weights alone. Fails as insert_codebooks().
Expected<ClusterResult> cluster(const Model& model, const ClusterOptions& options);

// Without training, too: layer after layer its values and their weights are chosen so that it computes, from what it gets now, what it computed
// before; biases, or the means of normalisations behind, take up what is lost of the means. Fails as observe_products(), too.
Expected<ClusterResult> cluster(const Model& model, const SampleSource& samples, const ClusterOptions& options,
                                const LayerObserver& observer = {});

// The centroids learn from the samples, and weights change clusters. Fails as train(), too.
Expected<ClusterResult> cluster(const Model& model, const DataSet& set, const ClusterOptions& options,
                                const TrainObserver& observer = {});

}  // namespace pare
