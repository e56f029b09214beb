#include "report/json.h"

#include <nlohmann/json.hpp>

namespace pare {
namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json ports(const std::vector<PortSummary>& ports) {
  Json out = Json::array();
  for (const PortSummary& port : ports) out.push_back({{"name", port.name}, {"type", port.type}});
  return out;
}

Json layer_json(const LayerSummary& layer) {
  return {{"name", layer.name},
          {"operator", layer.op},
          {"src", layer.src},
          {"dst", layer.dst},
          {"parameters", layer.parameters.count},
          {"parameter_bytes", layer.parameters.bytes},
          {"zeros", layer.parameters.zeros},
          {"distinct_values", or_null(layer.parameters.distinct)},
          {"multiply_adds", or_null(layer.multiply_adds)},
          {"storage", layer.storage}};
}

Json weights_json(const WeightsSummary& each) {
  const WeightStatistics& found = each.statistics;
  return {{"name", each.name},
          {"shape", each.shape},
          {"storage", each.kind},
          {"elements", found.elements},
          {"bytes", found.bytes},
          {"gzip_bytes", or_null(each.gzip_bytes)},
          {"entropy_bytes", found.entropy_bytes},
          {"entropy_bits", found.entropy},
          {"zeros", found.zeros},
          {"sparsity", found.sparsity()},
          {"blocks", found.blocks ? Json(found.blocks->to_string()) : Json(nullptr)},
          {"zeros_in_blocks", found.blocks ? found.blocks->zeros : 0},
          {"n_of_m", found.n_of_m ? Json(found.n_of_m->to_string()) : Json(nullptr)},
          {"distinct_values", found.distinct},
          {"distinct_values_per_channel", or_null(found.channel_distinct)}};
}

}  // namespace

Json to_json(const ModelSummary& summary) {
  Json storage = Json::array(), layers = Json::array(), weights = Json::array();
  for (const StorageSummary& each : summary.storage)
    storage.push_back(
        {{"kind", each.kind}, {"tensors", each.tensors}, {"elements", each.elements}, {"bytes", each.bytes}});
  for (const LayerSummary& layer : summary.layers) layers.push_back(layer_json(layer));
  for (const WeightsSummary& each : summary.weights) weights.push_back(weights_json(each));
  return {{"model", summary.path},
          {"format", summary.format},
          {"description", summary.description},
          {"inputs", ports(summary.inputs)},
          {"outputs", ports(summary.outputs)},
          {"signatures", summary.signatures},
          {"graphs", summary.graphs},
          {"operators", summary.operators},
          {"parameters", summary.parameters.count},
          {"parameter_bytes", summary.parameters.bytes},
          {"zeros", summary.parameters.zeros},
          {"entropy_bytes", summary.parameters.entropy_bytes},
          {"size_bytes", or_null(summary.file_bytes)},
          {"gzip_bytes", or_null(summary.file_gzip_bytes)},
          {"multiply_adds", or_null(summary.multiply_adds)},
          {"quantized_operators", summary.quantized_operators},
          {"storage", storage},
          {"arena_bytes", or_null(summary.arena_bytes)},
          {"not_runnable", summary.not_runnable},
          {"layers", layers},
          {"weights", weights}};
}

Json to_json(const Computer& computer) {
  Json peers = Json::object();
  for (const PeerPackage& peer : computer.peers) peers[peer.name] = peer.version;
  return {{"processor", computer.processor},
          {"cores", computer.cores},
          {"memory_bytes", computer.memory_bytes},
          {"instructions", computer.instructions},
          {"onednn", computer.onednn},
          {"onednn_saturates", computer.onednn_saturates},
          {"kernels", computer.kernels},
          {"peers_folder", computer.peers_folder},
          {"peers", peers}};
}

Json to_json(const RunResult& result, const std::string& model) {
  Json outputs = Json::array();
  for (const NamedTensor& each : result.outputs)
    outputs.push_back({{"name", each.name},
                       {"dtype", std::string(to_string(each.tensor.dtype()))},
                       {"shape", each.tensor.shape().dims()}});
  return {{"model", model}, {"outputs", outputs}, {"tensors", result.tensors.size()}};
}

}  // namespace pare
