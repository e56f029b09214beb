#include "eval/tensor_errors.h"

#include <algorithm>
#include <unordered_map>

#include "base/parallel.h"
#include "engine/program.h"
#include "eval/real_values.h"

namespace pare {
namespace {

// A tensor of the first program beside its counterpart in the second.
struct Pair {
  const Value* first;
  const Value* second;
};

bool is_computed(const Graph& graph, const Value* value) { return value->producer != nullptr || graph.is_input(value); }

bool comparable(const Value& a, const Value& b) {
  const auto one_scale = [](const Value& v) { return !v.type.is_quantized() || v.type.quantization->is_per_tensor(); };
  return a.type.dtype != DType::String && b.type.dtype != DType::String &&
         a.type.shape.elements() == b.type.shape.elements() && one_scale(a) && one_scale(b);
}

std::vector<Pair> match_tensors(const Graph& first, const Graph& second) {
  std::unordered_map<const Value*, const Value*> outputs;
  for (size_t i = 0; i < second.outputs.size(); ++i) outputs[second.outputs[i]] = first.outputs[i];
  std::vector<Pair> pairs;
  const auto match = [&](const Value* value) {
    const auto output = outputs.find(value);
    const Value* other = output != outputs.end() ? output->second : first.find_value(value->name);
    if (other != nullptr && is_computed(first, other) && comparable(*other, *value)) pairs.push_back({other, value});
  };
  for (const Value* input : second.inputs) match(input);
  for (const auto& node : second.nodes())
    for (const Value* result : node->results) match(result);
  return pairs;
}

// Both programs with the memory of one thread.
struct Bench {
  Bench(const std::shared_ptr<const Program>& a, const std::shared_ptr<const Program>& b, size_t pairs)
      : first(a), second(b), errors(pairs) {}
  Context first, second;
  std::vector<ErrorSums> errors;
};

Expected<void> compare_sample(int64_t index, const ComparedGraph& first, const ComparedGraph& second,
                              const std::vector<Pair>& pairs, Bench& bench) {
  PARE_ASSIGN(const std::vector<Tensor> first_inputs, first.source.read(index, 1));
  PARE_ASSIGN(const std::vector<Tensor> second_inputs, second.source.read(index, 1));
  PARE_TRY(bench.first.set_inputs(first_inputs));
  PARE_TRY(bench.second.set_inputs(second_inputs));
  bench.first.run();
  bench.second.run();
  for (size_t i = 0; i < pairs.size(); ++i) {
    PARE_ASSIGN(const std::vector<float> wanted, real_values(*pairs[i].first, bench.first.data(pairs[i].first)));
    PARE_ASSIGN(const std::vector<float> found, real_values(*pairs[i].second, bench.second.data(pairs[i].second)));
    bench.errors[i].add(found, wanted);
  }
  return {};
}

}  // namespace

Expected<std::vector<TensorError>> compare_tensors(const ComparedGraph& first, const ComparedGraph& second,
                                                   int threads) {
  if (first.source.count != second.source.count)
    return bad_input("{} samples for the first network, {} for the second", first.source.count, second.source.count);
  if (first.graph.outputs.size() != second.graph.outputs.size())
    return bad_input("the networks have {} and {} outputs and cannot be compared", first.graph.outputs.size(),
                     second.graph.outputs.size());
  PARE_ASSIGN(const auto first_program,
              Program::compile(first.graph, {.engine = first.engine, .fuse = false, .keep_all = true}));
  PARE_ASSIGN(const auto second_program,
              Program::compile(second.graph, {.engine = second.engine, .fuse = false, .keep_all = true}));
  const std::vector<Pair> pairs = match_tensors(first_program->graph(), second_program->graph());

  std::vector<std::unique_ptr<Bench>> benches;  // one a thread
  for (int i = 0; i < std::max(1, threads); ++i)
    benches.push_back(std::make_unique<Bench>(first_program, second_program, pairs.size()));
  PARE_TRY(try_parallel_for(first.source.count, threads, [&](int64_t index, int thread) {
    return compare_sample(index, first, second, pairs, *benches[static_cast<size_t>(thread)]);
  }));
  std::vector<TensorError> errors;
  for (size_t i = 0; i < pairs.size(); ++i) {
    const Node* producer = pairs[i].second->producer;
    errors.push_back({pairs[i].second->name, producer == nullptr ? "" : std::string(producer->op().name), {}});
    for (const auto& bench : benches) errors.back().error.add(bench->errors[i]);
  }
  return errors;
}

}  // namespace pare
