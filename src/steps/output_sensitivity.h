// How much errors inside a network matter at its outputs, measured.
#pragma once

#include "base/sample_source.h"
#include "base/tensor.h"
#include "ir/graph.h"

namespace pare {

// Runs a network and versions of it over the same samples.
class OutputSensitivity {
 public:
  // Outputs are looked at in front of a softmax or sigmoid at the end. Fails as Runner.
  static Expected<OutputSensitivity> create(const Graph& network, SampleSource samples, int threads);

  // The mean square by which the outputs of a version, whose values have the same names, differ, as a share of their mean square.
  Expected<double> of(const Graph& version) const;

 private:
  OutputSensitivity() = default;

  SampleSource samples_;
  int threads_ = 1;
  std::vector<Tensor> outputs_;
};

}  // namespace pare
