// From layer to layer through a network without training: each is seen with what those before it have become.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/sample_source.h"
#include "steps/fitted_layer.h"

namespace pare {

// Told what happens next, and how far that is.
using LayerObserver = std::function<void(const std::string& doing, size_t done, size_t of)>;

// What a layer was seen to multiply: on most of the samples, and on those that are held out.
struct SeenProducts {
  Gram fitted, held_out;
};

class Layerwise {
 public:
  struct Layer {
    FittedLayer layer;
    ColumnSets sets;
    LayerOptions options;
    double multiply_adds = 0;  // of one sample; known after observe_all()
  };
  using Visit = std::function<Expected<void>(size_t layer, const SeenProducts& seen)>;
  using Fit = std::function<Expected<void>(size_t layer, const Gram& seen)>;
  using MakeWeights = std::function<RowMatrix(size_t layer, const Gram& seen, const LayerOptions& options)>;

  // `graph` is what changes, `reference` the network as it was, whose values have the same names. The graph, the samples and the observer must
  // outlive this.
  Layerwise(Graph& graph, Graph reference, std::vector<FittedLayer> layers, const SampleSource& samples, int threads,
            const LayerObserver& observer);

  std::vector<Layer>& layers() { return layers_; }
  const Graph& reference() const { return reference_; }
  SampleSource held_out(int64_t most) const;

  // Visits all layers in their order, as they are seen in the reference.
  Expected<void> observe_all(const char* doing, const Visit& visit);

  // Likewise in the graph, on all samples, with moments paired with those of the reference; in as many passes over the samples as are
  // affordable, so that a layer sees what almost all before it have become. After observe_all().
  Expected<void> fit_all(const char* doing, const Fit& fit);

  // Instead of another observe_all(): finds the damping with which the weights that are made of a part of the samples are best.
  Expected<void> choose_dampings(const MakeWeights& make);
  // A layer gets new weights, and what makes up for its means takes back what these change of them; `seen` as in fit_all().
  void put(size_t layer, const Gram& seen, const RowMatrix& weights);

  void tell(const char* doing, size_t layer) const;
  // Of one sample, all layers.
  double multiply_adds() const;

 private:
  // Calls observe_stage(begin, end) and then visit(layer) for those: of so many layers at most, whose moments take so much room.
  Expected<void> in_stages(const char* doing, bool paired, size_t most,
                           const std::function<Expected<void>(size_t, size_t)>& observe_stage,
                           const std::function<Expected<void>(size_t)>& visit) const;
  Expected<std::vector<Gram>> observe(bool paired, size_t begin, size_t end, const SampleSource& samples) const;
  // Where nothing is known of what the weights meet, magnitudes decide.
  void see_nothing(size_t layer, Gram& gram);

  Graph& graph_;
  Graph reference_;
  const SampleSource& samples_;
  int threads_;
  const LayerObserver& observer_;
  std::vector<Layer> layers_;
};

}  // namespace pare
