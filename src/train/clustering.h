// Clustering in training: codebooks behind weights, whose centroids learn and whose codes follow the weights.
#pragma once

#include <string>
#include <vector>

#include "compress/codebook.h"
#include "ops/cluster_weights.h"
#include "quant/make_plan.h"
#include "train/chosen_weights.h"
#include "train/trainer.h"

namespace pare {

// What a weight is in training.
enum class ClusterAssignment {
  Hard,  // its centroid; centroids learn from the gradients of their weights
  Soft,  // shares of all centroids, which are means of their shares of the weights: DKM, Cho et al. (2022)
};
template <>
struct EnumNames<ClusterAssignment> {
  static constexpr std::array<std::string_view, 2> names{"hard", "soft"};
};

inline constexpr int64_t kMostSoftClusters = 256;

struct ClusteringOptions {
  CodebookOptions codebook;
  WeightChoice choice;
  bool biases = false;  // of the chosen operators, too
  ClusterAssignment assignment = ClusterAssignment::Hard;
  double temperature = 0.2;  // of soft assignment in the first step, see cluster_temperature_at()
  // The rest is of hard assignment alone.
  CentroidGradient gradient = CentroidGradient::Sum;
  // Weights take the centroid next to them every so many steps, until this share of all steps; 0: they keep theirs.
  int64_t every = 10;
  double freeze = 0.9;
};

// Weights with a codebook, by names: of an operator that reads them, their constant, its codebook (the result of cluster_weights).
struct ClusteredWeights {
  std::string layer, weights, codebook;
};

// Puts a codebook behind all weights that are clustered. One that is there already is made anew from its values. Zeros are kept where a mask
// or at least one weight in `clusters` asks for that. Fails for patterns that match nothing, where there is nothing to cluster, for
// a network in training form, whose rounding comes behind, and with soft assignment for more than kMostSoftClusters and
// for one table of all tensors.
Expected<std::vector<ClusteredWeights>> insert_codebooks(Graph& network, const ClusteringOptions& options, int threads);

// The codebooks that a network has.
std::vector<ClusteredWeights> codebooks_of(const Graph& network);

// Of a codebook: of the tensor, or of each channel where each has a table.
int64_t values_in_table(const Node& codebook);

// The steps of integers of so many bits in which the weights have as few values as their codebook: one, or one a channel where that has
// scales or tables.
std::vector<float> integer_steps(const Node& codebook, int bits);

// Centroids become whole multiples of these steps, one a table, and thereby all channels have the same integers for them: one that lay
// between two would be rounded up in some channels and down in others, by the last bit of their scales.
void settle_centroids(Node& codebook, std::span<const float> steps);

// Likewise of all codebooks of a network, for integers of as many bits as it is going to have.
void settle_centroids(Graph& network, const QuantConfig& config);

// For the plan of the network after the passes: codes of weights with a codebook. Nothing is known of the rest.
Expected<KnownParameters> clustered_parameters(const Graph& network, const Graph& deployed, const QuantConfig& config);

// The temperature of soft assignment falls geometrically to a hundredth, where next to all of a weight is its nearest centroid: then the network
// of nearest centroids that a run ends with is the one that was trained. Cho et al. (2022) keep it constant, which takes one for each task.
double cluster_temperature_at(double first, int64_t step, int64_t steps);

// Keeps the codes of a trainer to its weights and masks; of soft assignment, which does so itself, the temperature to its course.
class Clusterer {
 public:
  // `network` is that of the trainer.
  Clusterer(const Graph& network, const std::vector<ClusteredWeights>& clustered, const ClusteringOptions& options);

  // Assigns weights anew where it is time, or sets the temperature. Call before each of `steps` steps.
  Expected<void> before_step(Trainer& trainer, int64_t steps) const;

  // The same at once.
  Expected<void> assign(Trainer& trainer) const;

 private:
  struct Table {
    std::string weights, mask, centroids, codes;  // of constants; no mask: empty
    Shape shape;
    int axis = 0;
    bool by_channel = false;
    std::vector<float> scales;
  };

  std::vector<Table> tables_;
  ClusterAssignment assignment_;
  double temperature_;
  int64_t every_;
  double freeze_;
};

}  // namespace pare
