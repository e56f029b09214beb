// Mini-batches for training, made by threads of their own beside the computation.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/tensor.h"
#include "data/data_set.h"

namespace pare {

struct BatchOptions {
  int64_t batch = 32;
  uint64_t seed = 1;
  bool shuffle = true;
  bool drop_last = false;  // leave out the last batch of an epoch where it is smaller than the others
  int threads = 1;         // that read and preprocess
  int ahead = 4;           // batches made before they are asked for
  uint64_t cache_bytes = uint64_t{512} << 20;  // preprocessed samples stay in memory where all of them fit
  std::vector<float> class_weights;            // of the samples of each class; empty: all 1
  Augmentation augmentation;                   // as a rule that of the description
};

struct Batch {
  std::vector<Tensor> inputs;  // [batch, ...], in the order of DataView::inputs()
  // i32 [batch]: labels; f32 [batch, classes]: a share of each class, where mixup mixes them; f32 [batch, ...]: target values, or the
  // input itself for TargetKind::Input; [0] without a target.
  Tensor targets;
  Tensor weights;                // f32 [batch]
  std::vector<int64_t> samples;  // their positions in the view

  int64_t size() const { return weights.elements(); }
};

// One epoch after the other. Which samples a batch holds is a function of seed, epoch and number of the batch alone, and what
// augmentation does to a sample one of seed, epoch and sample, whatever the threads do; so a run that is taken up again sees what it
// would have seen.
class Batches {
 public:
  // Reads one sample; what is wrong with it or with the options is said by the first next().
  Batches(const DataView& view, BatchOptions options);
  ~Batches();  // also in the middle of an epoch
  Batches(Batches&&) noexcept;
  Batches& operator=(Batches&&) noexcept;

  int64_t count() const;  // batches of an epoch

  // Goes to this epoch and, to take up a run again, to a batch inside it; an epoch in progress is given up.
  void start(int64_t epoch, int64_t first_batch = 0);
  // The next batch; nothing at the end of the epoch. A sample that cannot be read is an error in the place of its batch, with its name.
  Expected<std::optional<Batch>> next();

 private:
  class Loader;
  std::unique_ptr<Loader> loader_;
};

}  // namespace pare
