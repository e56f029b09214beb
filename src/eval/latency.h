// How long something takes, as a distribution.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/error.h"
#include "base/tensor.h"
#include "engine/kernel.h"
#include "ir/graph.h"

namespace pare {

struct LatencyOptions {
  int64_t warm_up = 5;         // runs before the first that counts
  double min_seconds = 1.0;    // runs go on for at least this long...
  int64_t min_runs = 20;       // ...and at least this often...
  int64_t max_runs = 100'000;  // ...but never more often
};

// All in milliseconds a run.
struct Latency {
  int64_t runs = 0;
  double min = 0, median = 0, p90 = 0, p99 = 0, mean = 0;
};

// Times each call of `run`, on the monotonic clock. Stops at the first failure.
Expected<Latency> measure_latency(const std::function<Expected<void>()>& run, const LatencyOptions& options = {});

// The distribution of given times. Percentiles are the nearest rank: at least that share of the runs took no longer.
Latency summarize_times(std::vector<double> milliseconds);

struct ModelLatency {
  Latency latency;  // of one batch
  double fps = 0;   // samples a second, at the median
  size_t arena_bytes = 0;
};

struct ModelLatencyOptions {
  Engine engine = Engine::Fast;
  int threads = 1;
  int64_t batch = 1;
  LatencyOptions latency;
};

// A graph on inputs that hold noise: floats in [-1, 1), integers of 8 and 16 bits over their range, others 0 (they are often
// indices). One sample runs with all threads inside its operators, a batch in slices over the threads. Inputs and outputs stay in
// place, so what is timed is the network.
Expected<ModelLatency> measure_latency(const Graph& graph, const ModelLatencyOptions& options);

// Noise as above for one input.
Tensor noise(const TensorType& type, int64_t batch, uint64_t seed);

}  // namespace pare
