// Runs training steps: holds the weights and the state of the optimiser, and the compiled steps for each size of batch.
#pragma once

#include <map>
#include <memory>
#include <span>

#include "data/batches.h"
#include "engine/program.h"
#include "train/training_graph.h"

namespace pare {

// Sole owner of its bytes, which keep their place.
Tensor own_copy(const Tensor& tensor);

class Trainer {
 public:
  // `network` as make_training_graph() takes it; it is copied. `threads` compute a step together, `bf16` as in KernelRequest.
  static Expected<Trainer> create(const Graph& network, TrainingGraphOptions options, int threads, bool bf16 = false);

  // One step on a batch of any size, at this learning rate; gives the mean loss before the update. Labels become one-hot targets. Fails
  // where the batch does not fit the network, and for a loss that is no number, before which the weights are lost.
  Expected<float> step(const Batch& batch, double rate);
  // What the loss of the latest step was computed from, [batch, ...]: logits of a classifier.
  Tensor scored() const;

  int64_t steps() const { return steps_; }

  // From the next step on these stay as they are, see TrainingGraphOptions.
  void freeze(bool ranges, bool statistics);

  // From the next step on weights are drawn this strongly to what they are rounded to, with TrainingGraphOptions::damping.
  void damp(double strength) { damping_ = strength; }

  // From the next step on this is the temperature of soft_cluster_weights, with TrainingGraphOptions::soft_clusters.
  void cool(double temperature) { cluster_temperature_ = temperature; }

  // Puts the present weights and statistics, or their averages where there are such, into a copy of the network.
  void store_into(Graph& network) const { store_into(network, state_); }
  // The same of a state that was kept.
  void store_into(Graph& network, std::span<const Tensor> state) const;

  // Everything that a step carries over, and the count of steps: what a checkpoint holds.
  const std::vector<CarriedTensor>& carried() const { return layout_; }
  std::span<const Tensor> state() const { return state_; }
  // What is carried under this name, for those who change it between two steps; its bytes must keep their place. Null where there is none.
  Tensor* carried(std::string_view name);
  const Tensor* carried(std::string_view name) const { return const_cast<Trainer*>(this)->carried(name); }
  // Fails where the tensors are not those of this network.
  Expected<void> restore(std::span<const Tensor> state, int64_t steps);

 private:
  struct Compiled {
    TrainingGraph graph;
    std::unique_ptr<Context> context;
    Shape targets;
  };

  Trainer() = default;
  Expected<Compiled*> compiled(int64_t batch);
  void bind_state(Compiled& step);
  Expected<void> fill(Compiled& step, const Batch& batch, double rate);

  Graph network_;
  TrainingGraphOptions options_;
  int threads_ = 1;
  bool bf16_ = false;
  std::vector<CarriedTensor> layout_;
  std::vector<Tensor> state_;
  std::map<int64_t, Compiled> compiled_;  // by batch
  Compiled* latest_ = nullptr;
  int64_t steps_ = 0;
  double damping_ = 0, cluster_temperature_ = 0.01;
};

}  // namespace pare
