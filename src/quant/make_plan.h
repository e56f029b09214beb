// From a float network, the statistics of its values and the user's wishes to a plan. Reads the operators' quantisation rules;
// knows none by name.
#pragma once

#include "quant/config.h"
#include "quant/statistics.h"

namespace pare {

// Weights that are multiples of their scales already.
struct KnownWeights {
  std::vector<float> largest_codes;  // the largest magnitude of each channel's codes
  int bits = 8;
};

// What is not to be estimated, because training found it.
struct KnownParameters {
  std::map<std::string, Storage> activations;   // by the name of the value
  std::map<std::string, KnownWeights> weights;  // by key_of the node
};

// `statistics` is read only by modes that need calibration. Constants must not be shared between operands (see the pass
// separate_constants). Fails with Unsupported for a network that is quantised already and, in the mode Int8Only, for operators
// without an integer form; with BadInput for weights that are NaN or infinite; with Usage for an input/output type that the mode lacks.
Expected<QuantPlan> make_plan(const Graph& graph, const StatisticsMap& statistics, const QuantConfig& config,
                              const KnownParameters& known = {});

// Weights whose codes are known become the same codes times the rounded scales that `config` asks for. Before make_plan(), of the same graph.
void round_known_scales(Graph& graph, const QuantConfig& config, const KnownParameters& known);

// The finest bias scale that keeps |bias| within what accumulators hold, as a weight scale: the larger of `weight` and that.
float weight_scale_for_bias(float weight, float source_scale, float bias, DType bias_type);

}  // namespace pare
