// Runs the float network over samples and gathers statistics of every float value, in one pass and bounded memory.
#pragma once

#include <set>
#include <string>

#include "base/sample_source.h"
#include "ir/graph.h"
#include "quant/statistics.h"

namespace pare {

struct CalibrateOptions {
  int threads = 1;
  std::set<std::string> channel_sums;  // values whose channel means are wanted too
};

// Statistics of the inputs and of all results that are float32, by name. Fails, naming tensor and sample, where a value is NaN or
// infinite, and where the source has no samples. Results do not depend on the number of threads, channel sums aside, whose last
// bits may.
Expected<StatisticsMap> calibrate(const Graph& graph, const SampleSource& source, const CalibrateOptions& options);

}  // namespace pare
