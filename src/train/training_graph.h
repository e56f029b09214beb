// One step of training as a graph: forward, loss, backward, update.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "train/distillation.h"
#include "train/loss.h"
#include "train/optimizer.h"
#include "train/scorer.h"

namespace pare {

// What is gathered for each masked weight, as pruning may want to know: from the gradients of the masked weights themselves, so that weights
// that are out at present have it, too.
enum class MaskStatistic {
  None,
  Movement,  // the sum over the steps of -weight * gradient: Sanh et al. (2020)
  Fisher,    // a moving average of gradient^2: the diagonal of the empirical Fisher information
  Gradient,  // a moving average of |gradient|
};

struct TrainingGraphOptions {
  int64_t batch = 32;
  size_t output = 0;  // that is trained
  LossOptions loss;
  OptimizerOptions optimizer;
  float statistics_momentum = 0.99f;  // of the moving averages of batch normalisations
  // Ranges and steps of fake quantisation, and statistics of batch normalisations, stay as they are.
  bool freeze_ranges = false, freeze_statistics = false;
  bool damping = false;             // weights are drawn to what they are rounded to, see Trainer::damp
  std::shared_ptr<Scorer> teacher;  // null: nothing is distilled
  DistillationOptions distillation;

  // Momentum of an average over the steps that the network takes in the place of its weights; 0: none.
  double average = 0;
  MaskStatistic mask_statistic = MaskStatistic::None;  // carried as mask_statistic_name()
  // Names of weights with a codebook that have shares of all its centroids, see soft_cluster_weights and Trainer::cool; what is carried as codes
  // and centroids are the nearest and the means that come of it. Others have the centroids of their codes, and these learn as weights do.
  std::set<std::string> soft_clusters;
  bool dropout = true;  // that the network has is applied
  uint64_t seed = 1;    // of what it leaves out
  // Nodes whose weights and statistics stay as they are.
  std::function<bool(const Node&)> is_frozen = [](const Node&) { return false; };
  // What the learning rate is multiplied by for the weights of a node.
  std::function<float(const Node&)> rate_factor = [](const Node&) { return 1.f; };

  bool use_targets() const { return teacher == nullptr || distillation.use_targets; }
};

// What a step carries over to the next, by its name: a weight under the name of its constant in the network, or state beside it.
struct CarriedTensor {
  std::string name;
  Tensor initial;
  size_t input;  // position in the graph
  std::optional<size_t>
      output;  // likewise, bound to the same memory; nothing for what only changes between steps: masks, codes that are not soft
  std::string constant = {};  // of the network that takes it in the end; empty: none
};

// Inputs of `graph`, in order: those of the network, targets, weights of the samples, learning rate, Adam's step, momentum of the averages
// of weights, number of the step, damping, temperature of clusters, then what is carried and what the teacher gives.
// Outputs: the loss, what it was computed from, then what is carried.
struct TrainingGraph {
  Graph graph;
  size_t network_inputs = 0;
  std::vector<CarriedTensor> carried;
  std::vector<size_t> from_teacher;  // positions of the inputs that take what Scorer::run() gives

  size_t targets() const { return network_inputs; }
  size_t sample_weights() const { return network_inputs + 1; }
  size_t rate() const { return network_inputs + 2; }
  size_t adam_step() const { return network_inputs + 3; }
  size_t average() const { return network_inputs + 4; }
  size_t step() const { return network_inputs + 5; }
  size_t damping() const { return network_inputs + 6; }
  size_t cluster_temperature() const { return network_inputs + 7; }
};

// From a float network as it was trained, batch normalisations unfolded. Fails for one with nothing to train, with quantised tensors, or
// with an operator that has no gradient rule between its weights and its output.
Expected<TrainingGraph> make_training_graph(const Graph& network, const TrainingGraphOptions& options);

// Under which the statistic of these masked weights is carried.
std::string mask_statistic_name(std::string_view weights);

// The mask or the codes that a node of a chain of weight transforms reads: a step leaves them as they are, pruning and clustering change them
// between steps. Null for other nodes.
Value* steered_constant(const Node& node);

// The constant behind this operand of the node that training changes: a float one in the place of weights, a bias, a scale or a shift,
// or what goes through transforms to such a place. Null where there is none.
Value* learned_constant(const Node& node, size_t operand);

// Names of the constants of a network that training changes: weights, biases, scales, shifts; not the statistics.
std::vector<std::string> trainable_constants(const Graph& network);

}  // namespace pare
