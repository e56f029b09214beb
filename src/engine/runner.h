// Runs a network over many samples: in slices small enough that activations stay in cache, one slice a thread at a time. Samples
// are independent of each other, so this is faster than splitting each operator, and results do not depend on the thread count.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "base/sample_source.h"
#include "engine/program.h"

namespace pare {

struct RunnerOptions {
  Engine engine = Engine::Fast;
  int threads = 1;
  int64_t slice = 0;  // samples run together; 0: as many as keep the arena within a core's cache
  bool fuse = true;   // see CompileOptions
};

class Runner {
 public:
  // The graph must outlive the runner. A graph of fixed batch runs in slices of that batch.
  static Expected<Runner> create(const Graph& graph, const RunnerOptions& options);

  // What was just computed: samples [first, first + size), outputs in `context`. `thread` is below the thread count, for
  // accumulators of one thread each.
  struct Slice {
    int64_t first;
    int64_t size;
    int thread;
    const Context& context;
  };
  using Consumer = std::function<Expected<void>(const Slice&)>;
  // Sees every intermediate result of every slice (see Context::run); called by several threads.
  using Observer = std::function<void(int thread, const Value& value, const void* data)>;

  // Runs all samples. Slices are dealt to threads in turn (see try_parallel_for). Stops at the first failure of the source or the
  // consumer.
  Expected<void> run(const SampleSource& source, const Consumer& consume, const Observer& observe = nullptr);

  // All outputs, concatenated in the order of the samples.
  Expected<std::vector<Tensor>> outputs(const SampleSource& source);

  // One batch that lies in memory, written to `outputs` in place: the calls that a latency measurement repeats. The pointers are
  // those of whole inputs and outputs of `batch` samples. `batch` must be a multiple of the batch of a fixed-batch graph.
  Expected<void> run_batch(int64_t batch, const std::vector<const void*>& inputs, const std::vector<void*>& outputs);

  int64_t slice() const { return slice_; }
  size_t arena_bytes() const;  // of all threads together

 private:
  Runner() = default;
  Expected<Context*> context(int thread, int64_t size);
  // Samples [first, first + size) of a batch; the pointers are those of run_batch.
  Expected<void> run_in_place(int64_t first, int64_t size, int thread, const std::vector<const void*>& inputs,
                              const std::vector<void*>& outputs);

  const Graph* graph_ = nullptr;
  RunnerOptions options_;
  int64_t slice_ = 1;
  bool fixed_batch_ = false;
  std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();
  std::map<int64_t, std::shared_ptr<const Program>> programs_;            // by batch
  std::map<std::pair<int, int64_t>, std::unique_ptr<Context>> contexts_;  // by thread and batch
};

// A source over tensors that hold all samples, batch in front.
SampleSource source_of(std::vector<Tensor> inputs);

}  // namespace pare
