// How good a network is on a data set.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/sample_source.h"
#include "data/data_set.h"
#include "engine/kernel.h"
#include "eval/intervals.h"
#include "eval/metrics.h"
#include "ir/graph.h"

namespace pare {

struct EvaluateOptions {
  Engine engine = Engine::Fast;
  int threads = 1;
  size_t output = 0;  // the output that is judged
};

// Against labels.
struct Classification {
  double accuracy = 0;
  Interval interval;           // of the accuracy
  std::optional<double> top5;  // from 6 classes on
  // Of the second of two classes; of more, the mean of one against the rest. Not for very large outputs.
  std::optional<double> roc_auc;
  ConfusionMatrix confusion{0};
  std::vector<int64_t> predicted;  // by sample
  std::vector<uint8_t> right;      // by sample: 1 where predicted is the label
};

// Against numbers: target values, or the input itself (reconstruction).
struct Regression {
  double mse = 0, mae = 0, snr_db = 0;
  std::vector<float> sample_mse;  // by sample; for reconstruction this is the anomaly score
};

struct Evaluation {
  int64_t samples = 0;
  std::optional<Classification> classification;
  std::optional<Regression> regression;
};

// Runs the graph over `source`, the samples of `view` in the types of its inputs, and judges one output against the view's target.
// Quantised outputs are turned into real numbers first. One output for two classes is the probability of the second. Fails where
// the output does not fit the target, and for a target of kind none.
Expected<Evaluation> evaluate(const Graph& graph, const SampleSource& source, const DataView& view,
                              const EvaluateOptions& options);

// Fails unless so many scores a sample fit the classes of the view.
Expected<void> check_classes(int64_t scores, const DataView& view);

// Share of samples to which two networks give the same class.
double agreement(std::span<const int64_t> first, std::span<const int64_t> second);

}  // namespace pare
