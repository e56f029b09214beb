// Rounded weights shift the mean of what they compute. The shift is (W^ - W) E[x] per output channel, and the bias takes it back.
// Source: Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction" (2019), section 4.2; E[x] comes from
// calibration instead of batch normalisation.
#pragma once

#include "quant/plan.h"
#include "quant/statistics.h"

namespace pare {

// Corrects the bias of each integer node of the plan whose source has channel means among the statistics; the pass add_biases makes
// the missing ones. Returns the number of corrected nodes.
size_t correct_biases(Graph& graph, const QuantPlan& plan, const StatisticsMap& statistics);

// The values whose channel means correct_biases() would use: pass their names to calibrate().
std::vector<const Value*> bias_correction_sources(const Graph& graph);

}  // namespace pare
