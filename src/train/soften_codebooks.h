// Codebooks in the form in which soft clusters are trained.
#pragma once

#include <set>
#include <vector>

#include "ir/graph.h"

namespace pare {

// A codebook whose centroids and codes follow from its weights in each step.
struct SoftCodebook {
  Value *centroids, *next_centroids, *codes, *next_codes;
};

// Puts soft_cluster_weights in the place of codebooks behind these weights, at a temperature that is a value of the graph.
// No two of them may have centroids in common.
Expected<std::vector<SoftCodebook>> soften_codebooks(Graph& graph, const std::set<const Value*>& weights,
                                                     Value* temperature);

}  // namespace pare
