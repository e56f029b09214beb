// Latency and memory of a model.
#pragma once

#include <string>
#include <vector>

#include "eval/latency.h"
#include "eval/profile.h"
#include "ir/model.h"

namespace pare {

struct BenchmarkOptions {
  ModelLatencyOptions latency;
  bool profile = false;  // the time of each operator too
  int64_t profile_runs = 50;
};

struct BenchmarkResult {
  std::string model;
  ModelLatencyOptions setting;
  ModelLatency measured;
  int64_t peak_rss_bytes = 0;           // of this process since the last reset, model and inputs included
  std::vector<OperatorTime> operators;  // with profile
};

Expected<BenchmarkResult> benchmark(const std::string& path, const Model& model, const BenchmarkOptions& options);

// The same from the file on: the peak memory is that of this model, whatever the process did before (where the system allows it,
// see reset_peak_rss).
Expected<BenchmarkResult> benchmark_file(const std::string& path, const BenchmarkOptions& options);

}  // namespace pare
