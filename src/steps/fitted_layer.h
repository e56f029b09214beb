// A layer whose weights are made anew, without training, so that it computes what it computed before.
#pragma once

#include <string>
#include <vector>

#include "compress/layer_fit.h"
#include "compress/observe_products.h"

namespace pare {

struct FittedLayer {
  std::string name;                  // of an operator that reads the weights
  std::string constant;              // of the weights
  std::vector<std::string> results;  // of the operators that read them
  Shape shape;
  int axis = 0;                 // of output channels
  RowMatrix weights;            // as they were, behind a mask
  bool makes_up_means = false;  // a bias, or the mean of a normalisation behind, can
  // What a squared error of each output channel counts: the square of the factor of a normalisation behind.
  std::vector<double> scales;
  // A value that is added to the output, for whose loss the layer is to make up, and by what a difference of it is multiplied to count as one of
  // the layer; see make_up_for_added(). Empty: none.
  std::string added = {};
  std::vector<float> added_factors = {};

  ObservedLayer observed(const Graph& graph, const ColumnSets& sets) const;
  Tensor tensor(const RowMatrix& rows) const { return tensor_of(rows, shape, axis); }
};

// The layer of the weights of this name; a codebook in front of it does not count. Fails for weights that are rounded.
Expected<FittedLayer> fitted_layer(Graph& graph, const std::string& name, const std::string& constant);

// The layer shall also give what an addition behind it has lost on its other side, if that hangs on earlier layers alone, so that it is known.
// Good where much is lost: structured pruning of EfficientNet-lite0 keeps 28.9 % for 26.9; but where little is, what it fits is noise of the
// samples: with 32 values a tensor that network had 86.5 % for 87.8.
void make_up_for_added(const Graph& graph, FittedLayer& layer);

// Takes `shift`, by which the mean of each output channel has grown, back. Only for layers that make up means.
void take_back(Graph& graph, const FittedLayer& layer, const std::vector<double>& shift);

}  // namespace pare
