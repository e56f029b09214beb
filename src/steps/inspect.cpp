#include "steps/inspect.h"

#include <algorithm>
#include <filesystem>
#include <unordered_map>
#include <unordered_set>

#include "base/parallel.h"
#include "base/plausible_shape.h"
#include "engine/evaluate.h"
#include "engine/program.h"
#include "eval/file_size.h"
#include "passes/passes.h"

namespace pare {
namespace {

std::string kind_of(const TensorType& type) {
  std::string kind(to_string(type.dtype));
  if (!type.is_quantized()) return kind;
  const Quantization& quantization = *type.quantization;
  return kind + (quantization.block > 0 ? " in blocks" : quantization.is_per_tensor() ? " per tensor" : " per channel");
}

// Weights and biases: numbers with a meaning of their own, unlike axes and shapes.
bool is_parameter(const Value* value) {
  return value != nullptr && value->is_constant() && (is_float(value->type.dtype) || value->type.is_quantized());
}

// The axis of output channels, where some operator says it.
int channel_axis_of(const Graph& graph, const Value* value) {
  for (const Use& use : graph.uses(value))
    if (use.node->op().quantization.weights == static_cast<int>(use.operand))
      return use.node->op().quantization.weights_axis;
  return value->type.is_quantized() ? value->type.quantization->axis : 0;
}

bool is_weights(const Value& value) {
  const auto& dims = value.type.shape.dims();
  return is_parameter(&value) && std::ranges::count_if(dims, [](int64_t extent) { return extent > 1; }) > 1;
}

// What stands in each constant, found once for those that are shared.
class Statistics {
 public:
  struct Entry {
    WeightStatistics statistics;
    std::optional<int64_t> gzip_bytes;
  };

  Statistics(const Model& model, const InspectOptions& options) {
    std::vector<std::pair<const Value*, int>> parameters;
    for (const Graph& graph : model.graphs)
      for (const auto& value : graph.values())
        if (is_parameter(value.get()) && known_.try_emplace(value->data->identity()).second)
          parameters.emplace_back(value.get(), channel_axis_of(graph, value.get()));
    const auto found = try_parallel_for(std::ssize(parameters), options.threads, [&](int64_t i, int) -> Expected<void> {
      const auto& [value, axis] = parameters[static_cast<size_t>(i)];
      Entry& entry = known_.at(value->data->identity());
      entry.statistics = weight_statistics(value->type, *value->data, axis);
      if (options.gzip && is_weights(*value)) entry.gzip_bytes = gzip_size(value->data->bytes());
      return {};
    });
    PARE_CHECK(found.has_value());
  }

  const Entry& of(const Value& value) {
    const auto [entry, is_new] = known_.try_emplace(value.data->identity());
    if (is_new) entry->second.statistics = weight_statistics(value.type, *value.data);
    return entry->second;
  }

  ParameterSummary summary_of(const Value& value) {
    const WeightStatistics& found = of(value).statistics;
    return {found.elements, found.bytes, found.zeros, found.distinct, found.entropy_bytes};
  }

 private:
  std::unordered_map<const void*, Entry> known_;
};

void add(ParameterSummary& total, const ParameterSummary& part) {
  // Distinct values are those of the largest tensor, the weights: a bias beside them has values of its own.
  if (part.count > total.count) total.distinct = part.distinct;
  total.count += part.count;
  total.bytes += part.bytes;
  total.zeros += part.zeros;
  total.entropy_bytes += part.entropy_bytes;
}

std::string storage_of(const Node& node) {
  const Value* weights = nullptr;
  for (const Value* operand : node.operands)
    if (is_parameter(operand) && (weights == nullptr || operand->data->elements() > weights->data->elements()))
      weights = operand;
  const Value* activation = node.results.empty() ? nullptr : node.results[0];
  const std::string first = activation == nullptr ? "" : std::string(to_string(activation->type.dtype));
  return weights == nullptr ? first : first + " x " + kind_of(weights->type);
}

std::optional<int64_t> multiply_adds_of(const Node& node) {
  const auto known = [](const Value* value) { return value == nullptr || value->type.shape.is_static(); };
  if (!std::all_of(node.operands.begin(), node.operands.end(), known)) return std::nullopt;
  if (!std::all_of(node.results.begin(), node.results.end(), known)) return std::nullopt;
  return node.op().cost(node).multiply_adds;
}

std::string type_without_scales(const Value* value) {
  if (value == nullptr) return "";
  return fmt::format("{}{}", to_string(value->type.dtype), value->type.shape.to_string());
}

LayerSummary layer_of(const Node& node, Statistics& statistics) {
  LayerSummary layer{node.name, std::string(node.op().name), "", "", {}, multiply_adds_of(node), storage_of(node)};
  if (!node.operands.empty()) layer.src = type_without_scales(node.operands[0]);
  if (!node.results.empty()) layer.dst = type_without_scales(node.results[0]);
  for (const Value* operand : node.operands)
    if (is_parameter(operand)) add(layer.parameters, statistics.summary_of(*operand));
  return layer;
}

// The graph with a batch of one and every shape that can be known; what needs no input is computed already.
Graph with_single_sample(const Graph& graph) {
  const auto bound = [&] {
    Graph copy = graph.clone();
    bind_inputs(copy, 1);
    return copy;
  };
  Graph copy = bound();
  if (concretise(copy)) return copy;
  return bound();
}

std::vector<PortSummary> ports_of(const std::vector<Value*>& values) {
  std::vector<PortSummary> ports;
  for (const Value* value : values) ports.push_back({value->name, to_string(value->type)});
  return ports;
}

void summarise_constants(const Model& model, Statistics& statistics, ModelSummary& summary) {
  std::unordered_set<const void*> seen;
  std::map<std::string, StorageSummary> kinds;
  for (const Graph& graph : model.graphs) {
    for (const auto& value : graph.values()) {
      if (!value->is_constant() || !seen.insert(value->data->identity()).second) continue;
      StorageSummary& storage = kinds[kind_of(value->type)];
      storage.tensors += 1;
      storage.elements += value->data->elements();
      storage.bytes += static_cast<int64_t>(value->data->bytes().size());
      if (is_parameter(value.get())) add(summary.parameters, statistics.summary_of(*value));
      if (!is_weights(*value)) continue;
      const auto& [found, gzip_bytes] = statistics.of(*value);
      summary.weights.push_back({value->name, value->type.shape.to_string(), kind_of(value->type), found, gzip_bytes});
    }
  }
  summary.parameters.distinct.reset();  // says something of a tensor, not of a model
  for (auto& [kind, storage] : kinds) {
    storage.kind = kind;
    summary.storage.push_back(storage);
  }
  std::sort(summary.storage.begin(), summary.storage.end(),
            [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
}

// Of a model that was not read from a file there is nothing to measure.
void measure_file(ModelSummary& summary, bool gzip) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(summary.path, error);
  if (error) return;
  summary.file_bytes = static_cast<int64_t>(bytes);
  if (!gzip) return;
  if (const auto size = measure_file_size(summary.path)) summary.file_gzip_bytes = size->gzip_bytes;
}

ModelSummary summarised(const Model& model, const InspectOptions& options) {
  ModelSummary summary;
  summary.path = model.source_path;
  summary.format = model.source_format;
  summary.description = model.description;
  summary.inputs = ports_of(model.main().inputs);
  summary.outputs = ports_of(model.main().outputs);
  for (const Signature& signature : model.signatures) summary.signatures.push_back(signature.key);
  summary.graphs = model.graphs.size();
  for (const auto& node : model.main().nodes()) {
    ++summary.operators[std::string(node->op().name)];
    if (!node->results.empty() && node->results[0]->type.is_quantized()) ++summary.quantized_operators;
  }
  measure_file(summary, options.gzip);
  Statistics statistics(model, options);
  summarise_constants(model, statistics, summary);

  const Graph single = with_single_sample(model.main());
  summary.multiply_adds = 0;
  for (const auto& node : single.nodes()) {
    summary.layers.push_back(layer_of(*node, statistics));
    const std::optional<int64_t>& work = summary.layers.back().multiply_adds;
    if (work && summary.multiply_adds)
      *summary.multiply_adds = std::min(*summary.multiply_adds + *work, kMostElements + 1);
    else
      summary.multiply_adds.reset();
  }
  if (auto program = Program::compile(model.main(), {.batch = 1}))
    summary.arena_bytes = static_cast<int64_t>((*program)->arena_bytes());
  else
    summary.not_runnable = program.error().to_string();
  return summary;
}

}  // namespace

ModelSummary inspect(const Model& model, const InspectOptions& options) {
  const auto is_transform = [](const auto& node) {
    return node->op().traits.weight_transform == WeightTransform::Mask ||
           node->op().traits.weight_transform == WeightTransform::Codebook;
  };
  if (std::ranges::none_of(model.main().nodes(), is_transform)) return summarised(model, options);
  // Weights as the network computes with them.
  Model applied = model.clone();
  return apply_weight_transforms(applied.main(), evaluate) ? summarised(applied, options) : summarised(model, options);
}

}  // namespace pare
