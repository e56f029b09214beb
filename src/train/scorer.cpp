#include "train/scorer.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "engine/evaluate.h"
#include "eval/real_values.h"
#include "passes/pipeline.h"

namespace pare {
namespace {

// The value whose stored form an output is.
Value* before_conversions(Value* output) {
  while (output->producer != nullptr && (output->producer->is("dequantize") || output->producer->is("quantize")))
    output = output->producer->operand(0);
  return output;
}

// Shapes of the outputs for one batch, the batch taken off.
Expected<std::vector<Shape>> sample_shapes(const Graph& graph) {
  Graph bound = graph.clone();
  bind_inputs(bound, 1);
  PARE_TRY(concretise(bound));
  const Shape& input = bound.inputs[0]->type.shape;
  std::vector<Shape> shapes;
  for (size_t i = 0; i < bound.outputs.size(); ++i) {
    const Shape& shape = bound.outputs[i]->type.shape;
    if (shape.rank() == 0 || input.rank() == 0 || shape[0] != input[0])
      return unsupported("'{}' is {}, which does not begin with the batch", graph.outputs[i]->name, shape.to_string());
    Shape sample;
    for (int d = 1; d < shape.rank(); ++d) sample.push_back(shape[d]);
    shapes.push_back(std::move(sample));
  }
  return shapes;
}

Shape with_batch(int64_t batch, const Shape& sample) {
  Shape shape{batch};
  for (int d = 0; d < sample.rank(); ++d) shape.push_back(sample[d]);
  return shape;
}

}  // namespace

Value* named_value(const Graph& network, const std::string& name) {
  if (Value* value = network.find_value(name)) return value;
  const auto found = std::find_if(network.nodes().begin(), network.nodes().end(),
                                  [&](const auto& node) { return node->name == name; });
  return found == network.nodes().end() ? nullptr : (*found)->result();
}

Expected<void> fold_for_inference(Graph& network) {
  const bool quantized = std::any_of(network.values().begin(), network.values().end(),
                                     [](const auto& value) { return value->type.is_quantized(); });
  if (quantized) return {};
  const auto fold = static_cast<Expected<std::vector<Tensor>> (*)(const Node&)>(evaluate);
  return run_passes(network, passes_of(Pipeline::Canonical), fold).map([](const auto&) {});
}

Expected<Scorer> Scorer::create(const Graph& network, Loss loss, const std::vector<std::string>& values, int threads) {
  Scorer scorer;
  scorer.graph_ = std::make_unique<Graph>(network.clone());
  Graph& graph = *scorer.graph_;
  std::vector<Value*> outputs{scored_value(before_conversions(graph.outputs.at(0)), loss)};
  for (const std::string& name : values) {
    Value* value = named_value(graph, name);
    if (value == nullptr || value->producer == nullptr)
      return bad_input("no value is called '{}'; `pare inspect --layers` lists their names", name);
    outputs.push_back(value);
  }
  graph.outputs = std::move(outputs);
  graph.remove_dead();
  PARE_TRY(fold_for_inference(graph));
  PARE_ASSIGN(scorer.shapes_, sample_shapes(graph));
  PARE_ASSIGN(Runner runner, Runner::create(graph, {.threads = threads}));
  scorer.runner_ = std::make_unique<Runner>(std::move(runner));
  return scorer;
}

Expected<std::vector<Tensor>> Scorer::run(const SampleSource& samples) {
  const SampleSource stored{samples.count, [&](int64_t first, int64_t size) -> Expected<std::vector<Tensor>> {
                              PARE_ASSIGN(std::vector<Tensor> inputs, samples.read(first, size));
                              for (size_t i = 0; i < inputs.size(); ++i)
                                inputs[i] = stored_as(graph_->inputs[i]->type, std::move(inputs[i]));
                              return inputs;
                            }};
  std::vector<Tensor> all;
  std::vector<float*> targets;  // slices are disjoint, so threads write side by side
  for (const Shape& shape : shapes_) {
    all.emplace_back(DType::Float32, with_batch(samples.count, shape));
    targets.push_back(all.back().mutable_values<float>().data());
  }
  PARE_TRY(runner_->run(stored, [&](const Runner::Slice& slice) -> Expected<void> {
    for (size_t i = 0; i < targets.size(); ++i) {
      PARE_ASSIGN(const std::vector<float> real,
                  real_values(*slice.context.program().graph().outputs[i], slice.context.output(i).data()));
      std::copy(real.begin(), real.end(), targets[i] + slice.first * shapes_[i].elements());
    }
    return {};
  }));
  return all;
}

Expected<void> Scorer::keep(const DataView& view, uint64_t most_bytes) {
  const auto elements = std::accumulate(shapes_.begin(), shapes_.end(), int64_t{0},
                                        [](int64_t sum, const Shape& shape) { return sum + shape.elements(); });
  if (static_cast<uint64_t>(view.count() * elements) * sizeof(float) > most_bytes) return {};
  PARE_ASSIGN(kept_, run(view.source()));
  return {};
}

Expected<std::vector<Tensor>> Scorer::run(const Batch& batch) {
  if (!keeps()) return run(source_of(batch.inputs));
  std::vector<Tensor> rows;
  for (size_t i = 0; i < kept_.size(); ++i) {
    rows.emplace_back(DType::Float32, with_batch(batch.size(), shapes_[i]));
    const auto width = static_cast<size_t>(shapes_[i].elements());
    float* to = rows.back().mutable_values<float>().data();
    for (const int64_t sample : batch.samples) {
      const auto row = kept_[i].values<float>().subspan(static_cast<size_t>(sample) * width, width);
      to = std::copy(row.begin(), row.end(), to);
    }
  }
  return rows;
}

}  // namespace pare
