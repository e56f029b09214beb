// Pruning in training: masks in front of weights, found anew from the weights as they become.
#pragma once

#include <string>
#include <vector>

#include "compress/masks.h"
#include "train/chosen_weights.h"
#include "train/trainer.h"

namespace pare {

struct PruningOptions {
  SparsitySchedule schedule;
  SparsityPattern pattern;
  SparsityBudget budget = SparsityBudget::Lamp;
  PruningCriterion criterion = PruningCriterion::Magnitude;
  WeightChoice choice;
};

// Weights that are pruned, by names: of their constant, of its mask, and of an operator that reads them.
struct PrunedWeights {
  std::string weights, mask, layer;
};

// Puts a mask in front of all weights that are pruned; one that a network has already stays and is taken up. Fails for patterns that match
// nothing, where there is nothing to prune, and for blocks that do not fit.
Expected<std::vector<PrunedWeights>> insert_masks(Graph& network, const PruningOptions& options);

// The mask in front of these weights: one that is there, or a new one of ones.
Expected<Value*> mask_for(Graph& network, const ChosenWeights& chosen);

// What the trainer has to gather for a Pruner.
MaskStatistic statistic_for(const PruningOptions& options);

// How a mask stands in training.
struct MaskRecord {
  std::string weights;
  double sparsity = 0;
  double threshold = 0;  // the least magnitude of what stays; 0 where nothing does
};

// Of all masks that the network of this trainer has, in its order.
std::vector<MaskRecord> mask_records(const Trainer& trainer, const Graph& network);

// Keeps the masks of a trainer, which gathers statistic_for() the same options, to the schedule.
class Pruner {
 public:
  Pruner(std::vector<PrunedWeights> pruned, PruningOptions options)
      : pruned_(std::move(pruned)), options_(std::move(options)) {}

  // Finds the masks anew where the schedule says so, and tells whether it did. Call before each of `steps` steps.
  Expected<bool> before_step(Trainer& trainer, int64_t steps) const;

 private:
  Expected<std::vector<std::vector<float>>> scores(Trainer& trainer) const;
  Expected<void> choose(Trainer& trainer, double sparsity) const;
  // RigL's step.
  void exchange_places(Trainer& trainer, double progress) const;
  static void put_mask(Trainer& trainer, const PrunedWeights& weights, const Tensor& values);

  std::vector<PrunedWeights> pruned_;
  PruningOptions options_;
};

}  // namespace pare
