#include "steps/inspect.h"

#include <algorithm>
#include <cstring>
#include <unordered_set>

#include "base/plausible_shape.h"
#include "engine/evaluate.h"
#include "engine/program.h"
#include "passes/passes.h"

namespace pare {
namespace {

constexpr size_t kMostDistinct = 4096;

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

// Elements as raw bits, four-bit ones unpacked.
std::vector<uint64_t> stored_bits(const Tensor& tensor) {
  std::vector<uint64_t> bits(static_cast<size_t>(tensor.elements()));
  if (tensor.dtype() == DType::Int4) {
    const std::vector<int8_t> codes = unpack_int4(tensor.bytes(), tensor.elements());
    std::copy(codes.begin(), codes.end(), bits.begin());
    return bits;
  }
  const size_t width = static_cast<size_t>(bit_width(tensor.dtype())) / 8;
  for (size_t i = 0; i < bits.size(); ++i) std::memcpy(&bits[i], tensor.bytes().data() + i * width, width);
  return bits;
}

std::optional<int64_t> distinct_values(const std::vector<uint64_t>& bits) {
  std::unordered_set<uint64_t> seen;
  for (const uint64_t each : bits)
    if (seen.insert(each).second && seen.size() > kMostDistinct) return std::nullopt;
  return static_cast<int64_t>(seen.size());
}

int64_t count_zeros(const Value& value, const std::vector<uint64_t>& bits) {
  if (is_float(value.type.dtype)) {
    const std::vector<float> numbers = to_floats(*value.data);
    return std::count(numbers.begin(), numbers.end(), 0.f);
  }
  // Integers stand for zero at their zero point; several zero points occur only with zero itself in TFLite.
  const auto zero = static_cast<uint64_t>(value.type.quantization->zero_point());
  const int width = bit_width(value.type.dtype);
  const uint64_t mask = width >= 64 || value.type.dtype == DType::Int4 ? ~uint64_t{0} : (uint64_t{1} << width) - 1;
  return std::count(bits.begin(), bits.end(), zero & mask);
}

ParameterSummary summarise(const Value& value) {
  const std::vector<uint64_t> bits = stored_bits(*value.data);
  return {value.data->elements(), static_cast<int64_t>(value.data->bytes().size()), count_zeros(value, bits),
          distinct_values(bits)};
}

void add(ParameterSummary& total, const ParameterSummary& part) {
  // Distinct values are those of the largest tensor, the weights: a bias beside them has values of its own.
  if (part.count > total.count) total.distinct = part.distinct;
  total.count += part.count;
  total.bytes += part.bytes;
  total.zeros += part.zeros;
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

LayerSummary layer_of(const Node& node) {
  LayerSummary layer{node.name, std::string(node.op().name), "", "", {}, multiply_adds_of(node), storage_of(node)};
  if (!node.operands.empty()) layer.src = type_without_scales(node.operands[0]);
  if (!node.results.empty()) layer.dst = type_without_scales(node.results[0]);
  for (const Value* operand : node.operands)
    if (is_parameter(operand)) add(layer.parameters, summarise(*operand));
  return layer;
}

// The graph with a batch of one and every shape that can be known; what needs no input is computed already.
Graph with_single_sample(const Graph& graph) {
  const auto bound = [&] {
    Graph copy = graph.clone();
    for (Value* input : copy.inputs)
      for (int i = 0; i < input->type.shape.rank(); ++i)
        if (input->type.shape[i] == kDynamic) input->type.shape[i] = 1;
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

void summarise_constants(const Model& model, ModelSummary& summary) {
  std::unordered_set<const void*> seen;
  std::map<std::string, StorageSummary> kinds;
  for (const Graph& graph : model.graphs) {
    for (const auto& value : graph.values()) {
      if (!value->is_constant() || !seen.insert(value->data->identity()).second) continue;
      StorageSummary& storage = kinds[kind_of(value->type)];
      storage.tensors += 1;
      storage.elements += value->data->elements();
      storage.bytes += static_cast<int64_t>(value->data->bytes().size());
      if (is_parameter(value.get())) add(summary.parameters, summarise(*value));
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

ModelSummary summarised(const Model& model) {
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
  summarise_constants(model, summary);

  const Graph single = with_single_sample(model.main());
  summary.multiply_adds = 0;
  for (const auto& node : single.nodes()) {
    summary.layers.push_back(layer_of(*node));
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

ModelSummary inspect(const Model& model) {
  const auto is_transform = [](const auto& node) {
    return node->op().traits.weight_transform == WeightTransform::Mask ||
           node->op().traits.weight_transform == WeightTransform::Codebook;
  };
  if (std::ranges::none_of(model.main().nodes(), is_transform)) return summarised(model);
  // Weights as the network computes with them.
  Model applied = model.clone();
  return apply_weight_transforms(applied.main(), evaluate) ? summarised(applied) : summarised(model);
}

}  // namespace pare
