#include "eval/latency.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/random.h"
#include "engine/runner.h"

namespace pare {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds(Clock::duration time) { return std::chrono::duration<double, std::milli>(time).count(); }

double percentile(const std::vector<double>& sorted, double share) {
  const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::clamp<size_t>(rank, 1, sorted.size()) - 1];
}

int64_t fixed_batch(const Graph& graph) {
  for (const Value* input : graph.inputs)
    if (input->type.shape.rank() > 0 && input->type.shape[0] != kDynamic) return input->type.shape[0];
  return 0;
}

// Room for the outputs of the whole batch, whose shapes a program of one slice knows.
Expected<std::vector<Tensor>> whole_outputs(const Graph& graph, const ModelLatencyOptions& options, int64_t slice) {
  PARE_ASSIGN(const auto program, Program::compile(graph, {.engine = options.engine, .batch = slice}));
  std::vector<Tensor> outputs;
  for (const Value* output : program->graph().outputs) {
    Shape shape = output->type.shape;
    if (shape.rank() == 0) return unsupported("output '{}' has no batch dimension; time it with batch 1", output->name);
    shape[0] *= options.batch / slice;
    outputs.emplace_back(output->type.dtype, shape);
  }
  return outputs;
}

}  // namespace

Latency summarize_times(std::vector<double> times) {
  if (times.empty()) return {};
  std::sort(times.begin(), times.end());
  double sum = 0;
  for (const double time : times) sum += time;
  return {static_cast<int64_t>(times.size()),
          times.front(),
          percentile(times, 0.5),
          percentile(times, 0.9),
          percentile(times, 0.99),
          sum / static_cast<double>(times.size())};
}

Expected<Latency> measure_latency(const std::function<Expected<void>()>& run, const LatencyOptions& options) {
  for (int64_t i = 0; i < options.warm_up; ++i) PARE_TRY(run());
  std::vector<double> times;
  const Clock::time_point begin = Clock::now();
  for (Clock::time_point last = begin; static_cast<int64_t>(times.size()) < options.max_runs;) {
    const bool enough = static_cast<int64_t>(times.size()) >= options.min_runs &&
                        milliseconds(last - begin) >= 1000 * options.min_seconds;
    if (enough) break;
    const Clock::time_point before = Clock::now();
    PARE_TRY(run());
    last = Clock::now();
    times.push_back(milliseconds(last - before));
  }
  return summarize_times(std::move(times));
}

Tensor noise(const TensorType& type, int64_t batch, uint64_t seed) {
  Shape shape = type.shape;
  for (int i = 0; i < shape.rank(); ++i)
    if (shape[i] == kDynamic) shape[i] = batch;
  Tensor tensor(type.dtype, shape);
  Random random(seed);
  if (type.dtype == DType::Float32) {
    for (float& value : tensor.mutable_values<float>()) value = random.uniform(-1, 1);
  } else if (is_integer(type.dtype) && bit_width(type.dtype) <= 16) {
    for (std::byte& byte : tensor.mutable_bytes()) byte = static_cast<std::byte>(random.next() & 0xFF);
  }
  return tensor;
}

Expected<ModelLatency> measure_latency(const Graph& graph, const ModelLatencyOptions& options) {
  const int64_t fixed = fixed_batch(graph);
  if (fixed > 0 && options.batch % fixed != 0)
    return usage_error("the batch of the model is fixed to {}; a multiple of it can be timed, {} was asked for", fixed,
                       options.batch);
  ModelLatency result;
  std::vector<Tensor> inputs;
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    TensorType type = graph.inputs[i]->type;
    if (options.batch > fixed && type.shape.rank() > 0) type.shape[0] = options.batch;
    inputs.push_back(noise(type, options.batch, i + 1));
  }
  if (options.batch == std::max<int64_t>(fixed, 1)) {
    PARE_ASSIGN(
        auto program,
        Program::compile(graph, {.engine = options.engine, .threads = options.threads, .batch = options.batch}));
    Context context(program);
    PARE_TRY(context.set_inputs(inputs));
    const auto run = [&]() -> Expected<void> {
      context.run();
      return {};
    };
    PARE_ASSIGN(result.latency, measure_latency(run, options.latency));
    result.arena_bytes = program->arena_bytes();
  } else {
    PARE_ASSIGN(Runner runner, Runner::create(graph, {.engine = options.engine, .threads = options.threads}));
    PARE_ASSIGN(std::vector<Tensor> outputs, whole_outputs(graph, options, std::max<int64_t>(fixed, 1)));
    std::vector<const void*> from;
    std::vector<void*> to;
    for (const Tensor& input : inputs) from.push_back(input.bytes().data());
    for (Tensor& output : outputs) to.push_back(output.mutable_bytes().data());
    PARE_ASSIGN(result.latency,
                measure_latency([&] { return runner.run_batch(options.batch, from, to); }, options.latency));
    result.arena_bytes = runner.arena_bytes();
  }
  result.fps = 1000.0 * static_cast<double>(options.batch) / result.latency.median;
  return result;
}

}  // namespace pare
