// What a network makes of samples: the scores that its loss is computed from, and values inside it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/sample_source.h"
#include "data/batches.h"
#include "engine/runner.h"
#include "train/loss.h"

namespace pare {

// A value of a network by its name, or by that of the operator that makes it; null where there is none.
Value* named_value(const Graph& network, const std::string& name);

// A float network as runtimes see it: batch normalisations folded, activations fused. A quantised one stays as it is.
Expected<void> fold_for_inference(Graph& network);

class Scorer {
 public:
  // Of a float or quantised network, composites written out; it is copied. `loss` tells which value the scores are (see
  // scored_value()); `values` are names of further ones. Results do not depend on `threads`. Fails for unknown names, for values that
  // do not begin with the batch, and for what the engine cannot run.
  static Expected<Scorer> create(const Graph& network, Loss loss, const std::vector<std::string>& values, int threads);

  // What is given: the scores, then the values asked for, without the batch.
  const std::vector<Shape>& shapes() const { return shapes_; }

  // All of it for these samples, which are floats where the network's input is quantised: f32 [samples, ...], in the order of shapes().
  Expected<std::vector<Tensor>> run(const SampleSource& samples);

  // Computes what belongs to the samples of a view once and for all, if that takes no more than `most_bytes`.
  Expected<void> keep(const DataView& view, uint64_t most_bytes);
  bool keeps() const { return !kept_.empty(); }
  // The same as run(); of samples that are kept, from memory.
  Expected<std::vector<Tensor>> run(const Batch& batch);

 private:
  Scorer() = default;

  std::unique_ptr<Graph> graph_;  // the runner holds on to its place
  std::unique_ptr<Runner> runner_;
  std::vector<Shape> shapes_;
  std::vector<Tensor> kept_;  // of all samples of a view
};

}  // namespace pare
