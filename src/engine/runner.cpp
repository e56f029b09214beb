#include "engine/runner.h"

#include <algorithm>
#include <atomic>
#include <optional>

#include "base/parallel.h"

namespace pare {
namespace {

// Arena of one thread that still lies in the second-level cache of common processors beside the weights in use.
constexpr size_t kCacheBytes = size_t{512} << 10;
constexpr int64_t kLargestSlice = 32;

bool has_symbolic_batch(const Graph& graph) {
  return std::any_of(graph.inputs.begin(), graph.inputs.end(),
                     [](const Value* input) { return !input->type.shape.is_static(); });
}

int64_t fixed_batch(const Graph& graph) {
  const bool scalar = graph.inputs.empty() || graph.inputs[0]->type.shape.rank() == 0;
  return scalar ? 1 : std::max<int64_t>(1, graph.inputs[0]->type.shape[0]);
}

size_t sample_bytes(const Value& value, int64_t batch) {
  return storage_bytes(value.type.dtype, value.type.shape.elements()) / static_cast<size_t>(batch);
}

}  // namespace

Expected<Runner> Runner::create(const Graph& graph, const RunnerOptions& options) {
  Runner runner;
  runner.graph_ = &graph;
  runner.options_ = options;
  runner.options_.threads = std::max(1, options.threads);
  runner.fixed_batch_ = !has_symbolic_batch(graph);
  const int64_t first = runner.fixed_batch_ ? fixed_batch(graph) : 1;
  PARE_ASSIGN(Context * probe, runner.context(0, first));
  runner.slice_ = first;
  if (runner.fixed_batch_) return runner;
  const auto fitting = static_cast<int64_t>(kCacheBytes / std::max<size_t>(1, probe->program().arena_bytes()));
  runner.slice_ = options.slice > 0 ? options.slice : std::clamp<int64_t>(fitting, 1, kLargestSlice);
  return runner;
}

Expected<Context*> Runner::context(int thread, int64_t size) {
  const std::lock_guard lock(*mutex_);
  std::unique_ptr<Context>& slot = contexts_[{thread, size}];
  if (slot) return slot.get();
  std::shared_ptr<const Program>& program = programs_[size];
  if (!program) {
    PARE_ASSIGN(program, Program::compile(
                             *graph_, {.engine = options_.engine, .threads = 1, .batch = size, .fuse = options_.fuse}));
  }
  slot = std::make_unique<Context>(program);
  return slot.get();
}

Expected<void> Runner::run(const SampleSource& source, const Consumer& consume, const Observer& observe) {
  if (fixed_batch_ && source.count % slice_ != 0)
    return bad_input("{} samples for a model whose batch is fixed to {}; a multiple of it was expected", source.count,
                     slice_);
  const int64_t slices = (source.count + slice_ - 1) / slice_;
  std::optional<Error> failure;
  std::atomic<bool> failed = false;

  const auto run_slice = [&](int64_t index, int thread) -> Expected<void> {
    const int64_t first = index * slice_, size = std::min(slice_, source.count - first);
    PARE_ASSIGN(std::vector<Tensor> inputs, source.read(first, size));
    PARE_ASSIGN(Context * slice_context, context(thread, size));
    PARE_TRY(slice_context->set_inputs(inputs));
    if (observe)
      slice_context->run([&](const Value& value, const void* data) { observe(thread, value, data); });
    else
      slice_context->run();
    return consume ? consume({first, size, thread, *slice_context}) : Expected<void>{};
  };
  const int threads = static_cast<int>(std::min<int64_t>(options_.threads, slices));
  parallel_for(threads, threads, [&](int64_t begin, int64_t end) {
    for (int64_t thread = begin; thread < end; ++thread)
      for (int64_t index = thread; index < slices && !failed; index += threads)
        if (auto done = run_slice(index, static_cast<int>(thread)); !done) {
          const std::lock_guard lock(*mutex_);
          failed = true;
          if (!failure) failure = done.error();
        }
  });
  if (failure) return Failure(*failure);
  return {};
}

Expected<std::vector<Tensor>> Runner::outputs(const SampleSource& source) {
  PARE_ASSIGN(Context * probe, context(0, slice_));
  std::vector<Tensor> all;
  const std::vector<Value*>& values = probe->program().graph().outputs;
  for (const Value* value : values) {
    Shape shape = value->type.shape;
    if (shape.rank() == 0 || shape[0] % slice_ != 0)
      return unsupported("output '{}' has the shape {}, which does not begin with the batch of {}", value->name,
                         shape.to_string(), slice_);
    shape[0] = shape[0] / slice_ * source.count;
    all.emplace_back(value->type.dtype, shape);
  }
  std::vector<std::byte*> targets;  // slices are disjoint, so threads write side by side
  for (Tensor& tensor : all) targets.push_back(tensor.mutable_bytes().data());
  PARE_TRY(run(source, [&](const Slice& slice) -> Expected<void> {
    for (size_t i = 0; i < all.size(); ++i) {
      const std::span<const std::byte> from = slice.context.output(i);
      const size_t bytes = sample_bytes(*slice.context.program().graph().outputs[i], slice.size);
      std::memcpy(targets[i] + bytes * static_cast<size_t>(slice.first), from.data(),
                  bytes * static_cast<size_t>(slice.size));
    }
    return {};
  }));
  return all;
}

Expected<void> Runner::run_batch(int64_t batch, const std::vector<const void*>& inputs,
                                 const std::vector<void*>& outputs) {
  // An even share for each thread, cut into slices of nearly equal size.
  const int64_t threads = std::min<int64_t>(options_.threads, fixed_batch_ ? batch / slice_ : batch);
  std::optional<Error> failure;
  const auto run_share = [&](int64_t begin, int64_t end, int thread) -> Expected<void> {
    for (int64_t first = begin; first < end;) {
      const int64_t slices_left = (end - first + slice_ - 1) / slice_;
      const int64_t size = fixed_batch_ ? slice_ : (end - first + slices_left - 1) / slices_left;
      PARE_ASSIGN(Context * slice_context, context(thread, size));
      const Graph& graph = slice_context->program().graph();
      for (size_t i = 0; i < inputs.size(); ++i)
        slice_context->bind_input(i, static_cast<const std::byte*>(inputs[i]) +
                                         sample_bytes(*graph.inputs[i], size) * static_cast<size_t>(first));
      for (size_t i = 0; i < outputs.size(); ++i)
        slice_context->bind_output(i, static_cast<std::byte*>(outputs[i]) +
                                          sample_bytes(*graph.outputs[i], size) * static_cast<size_t>(first));
      slice_context->run();
      first += size;
    }
    return {};
  };
  if (batch % (fixed_batch_ ? slice_ : 1) != 0)
    return bad_input("a batch of {} for a model whose batch is fixed to {}", batch, slice_);
  const int64_t unit = fixed_batch_ ? slice_ : 1;
  parallel_for(threads, static_cast<int>(threads), [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) {
      auto done =
          run_share(batch / unit * t / threads * unit, batch / unit * (t + 1) / threads * unit, static_cast<int>(t));
      if (done) continue;
      const std::lock_guard lock(*mutex_);
      if (!failure) failure = done.error();
    }
  });
  if (failure) return Failure(*failure);
  return {};
}

size_t Runner::arena_bytes() const {
  size_t bytes = 0;
  for (const auto& [key, each] : contexts_) bytes += each->program().arena_bytes();
  return bytes;
}

SampleSource source_of(std::vector<Tensor> inputs) {
  const int64_t count = inputs.empty() || inputs[0].shape().rank() == 0 ? 0 : inputs[0].shape()[0];
  return {count, [inputs = std::move(inputs)](int64_t first, int64_t size) -> Expected<std::vector<Tensor>> {
            std::vector<Tensor> batch;
            for (const Tensor& all : inputs) {
              Shape shape = all.shape();
              const size_t bytes = shape[0] == 0 ? 0 : all.bytes().size() / static_cast<size_t>(shape[0]);
              shape[0] = size;
              batch.emplace_back(
                  all.dtype(), shape,
                  all.bytes().subspan(bytes * static_cast<size_t>(first), bytes * static_cast<size_t>(size)));
            }
            return batch;
          }};
}

}  // namespace pare
