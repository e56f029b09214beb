// One pass over samples that gathers what the weights of layers are multiplied with.
#pragma once

#include <string>

#include "base/sample_source.h"
#include "compress/gram.h"
#include "ir/graph.h"

namespace pare {

// A layer: the operators that read its weights.
struct ObservedLayer {
  std::vector<const Node*> nodes;
  ColumnSets sets;
  // With a reference, what is wanted: what these make of its windows, and with the name of a value that is added to the output, what that has
  // lost (see Wanted).
  RowMatrix weights = {};
  std::string added = {};
  std::vector<float> factors = {};
};

struct ObserveOptions {
  int threads = 1;
  int64_t windows_a_column = 64;  // that are looked at, where there are more, and
  int64_t windows = 65536;        // as many beside, over all groups
};

// The moments of each layer of `graph`. With a reference, a network of the same inputs whose values have the same names, they have targets.
// What one result is a sum of is the same number of columns for all operators of a layer. Runs no further than to the last layer's source. A
// layer whose operators have no product rule, or a source of another shape, comes back without a window. Fails where the source has no
// samples, and, naming the tensor, where something is not finite. Results hang on the number of threads in their last bits.
Expected<std::vector<Gram>> observe_products(const Graph& graph, const Graph* reference,
                                             const std::vector<ObservedLayer>& layers, const SampleSource& source,
                                             const ObserveOptions& options);

}  // namespace pare
