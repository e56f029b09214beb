#include "engine/runner.h"

#include <algorithm>

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

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

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
  return try_parallel_for(
      ceil_div(source.count, slice_), options_.threads, [&](int64_t index, int thread) -> Expected<void> {
        const int64_t first = index * slice_, size = std::min(slice_, source.count - first);
        PARE_ASSIGN(std::vector<Tensor> inputs, source.read(first, size));
        PARE_ASSIGN(Context * slice_context, context(thread, size));
        PARE_TRY(slice_context->set_inputs(inputs));
        if (observe)
          slice_context->run([&](const Value& value, const void* data) { observe(thread, value, data); });
        else
          slice_context->run();
        return consume ? consume({first, size, thread, *slice_context}) : Expected<void>{};
      });
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

Expected<void> Runner::run_in_place(int64_t first, int64_t size, int thread, const std::vector<const void*>& inputs,
                                    const std::vector<void*>& outputs) {
  PARE_ASSIGN(Context * slice_context, context(thread, size));
  const Graph& graph = slice_context->program().graph();
  const auto offset = [&](const Value* value) { return sample_bytes(*value, size) * static_cast<size_t>(first); };
  for (size_t i = 0; i < inputs.size(); ++i)
    slice_context->bind_input(i, static_cast<const std::byte*>(inputs[i]) + offset(graph.inputs[i]));
  for (size_t i = 0; i < outputs.size(); ++i)
    slice_context->bind_output(i, static_cast<std::byte*>(outputs[i]) + offset(graph.outputs[i]));
  slice_context->run();
  return {};
}

Expected<void> Runner::run_batch(int64_t batch, const std::vector<const void*>& inputs,
                                 const std::vector<void*>& outputs) {
  // Counted in units that are never cut: fixed batches, or else single samples.
  const int64_t unit = fixed_batch_ ? slice_ : 1, units = batch / unit, most = slice_ / unit;
  if (batch % unit != 0) return bad_input("a batch of {} for a model whose batch is fixed to {}", batch, slice_);
  // An even share for each thread, cut into slices of nearly equal size.
  const int64_t threads = std::min<int64_t>(options_.threads, units);
  return try_parallel_for(threads, static_cast<int>(threads), [&](int64_t share, int thread) -> Expected<void> {
    const int64_t begin = units * share / threads, count = units * (share + 1) / threads - begin;
    const int64_t slices = ceil_div(count, most);
    for (int64_t i = 0; i < slices; ++i) {
      const int64_t first = begin + count * i / slices, end = begin + count * (i + 1) / slices;
      PARE_TRY(run_in_place(first * unit, (end - first) * unit, thread, inputs, outputs));
    }
    return {};
  });
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
