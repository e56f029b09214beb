// Layers of a network as two smaller ones each, of a low rank.
#pragma once

#include <string>
#include <vector>

#include "base/sample_source.h"
#include "compress/low_rank.h"
#include "ir/graph.h"

namespace pare {

// Multiply-adds of one sample. Fails where shapes do not follow from one.
Expected<int64_t> multiply_adds_of_sample(const Graph& graph);

// A dense layer or an ungrouped convolution with constant float weights, and what its rank hangs on.
struct FactorizableLayer {
  Node* node = nullptr;
  int64_t outputs = 0, inputs = 0;  // of its weights as a matrix; inputs are those of a whole window
  int64_t multiply_adds = 0;        // of one sample
  Eigen::VectorXd scale;            // of each output in what follows, a batch normalisation; errors count by it
  MainDirections main;              // of scaled outputs
  Eigen::VectorXd mean;             // of the outputs before the activation, over samples; empty without samples

  RankChoice choice() const;
};

// What may be factorised of `nodes`, in their order, by the weights alone. Fails where shapes do not follow from one sample.
Expected<std::vector<FactorizableLayer>> factorizable_layers(const Graph& graph, const std::vector<Node*>& nodes);

// Takes the main directions from what the layers give for samples: the covariance of their outputs before bias corrections, of up to 256
// places of each sample. Fails as calibrate().
Expected<void> observe_outputs(const Graph& graph, const SampleSource& samples, int threads,
                               std::vector<FactorizableLayer>& layers);

// The layer becomes two: the first with the window, stride and padding and `rank` outputs, the second with a window of 1, the bias, the
// activation and the name. The bias makes up for the mean of what is lost.
Expected<void> factorize_layer(Graph& graph, const FactorizableLayer& layer, int64_t rank);

}  // namespace pare
