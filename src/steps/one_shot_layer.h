// A layer on its way through pruning without training.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compress/layer_removals.h"
#include "compress/observe_products.h"
#include "train/pruning.h"

namespace pare {

struct OneShotLayer {
  PrunedWeights names;
  std::vector<std::string> results;  // of the operators that read the weights
  Shape shape;
  int axis = 0;                 // of output channels
  RowMatrix weights;            // as they were, behind an earlier mask
  bool makes_up_means = false;  // a bias, or the mean of a normalisation behind, can
  // What a squared error of each output channel counts: the square of the factor of a normalisation behind.
  std::vector<double> scales;

  ObservedLayer observed(const Graph& graph, const ColumnSets& sets) const;
  Tensor tensor(const RowMatrix& rows) const { return tensor_of(rows, shape, axis); }
};

// The weights of a graph that have masks. Fails for weights that are clustered or rounded behind these.
Expected<std::vector<OneShotLayer>> one_shot_layers(Graph& graph, const std::vector<PrunedWeights>& pruned);

// What a layer becomes; rows as in OneShotLayer::weights.
struct NewWeights {
  RowMatrix mask, weights;
  std::vector<double> mean_shift;  // of each output channel, that something makes up for; may be empty
};
void put_weights(Graph& graph, const OneShotLayer& layer, const NewWeights& made);

}  // namespace pare
