#include "formats/keras/network_builder.h"

#include <algorithm>
#include <map>
#include <set>

#include "formats/keras/weight_layout.h"

namespace pare::keras {
namespace {

constexpr int64_t kMostCalls = 100000;

// A value with what Keras passes along beside it.
struct Output {
  Value* value = nullptr;
  bool masked = false;  // some positions in time are to be ignored (Embedding with mask_zero, Masking)
};

bool passes_mask(const Layer& layer) {
  return layer.class_name != "Flatten" && layer.class_name != "Reshape" && layer.class_name != "RepeatVector";
}
bool needs_mask(const Layer& layer) {
  return layer.class_name == "GlobalAveragePooling1D" || layer.class_name == "Softmax";
}

Expected<DType> parse_dtype_name(const std::string& name) {
  static const std::map<std::string, DType, std::less<>> names{
      {"float32", DType::Float32}, {"float16", DType::Float32}, {"bfloat16", DType::Float32},
      {"float64", DType::Float32},  // all compute in float32
      {"int8", DType::Int8},       {"uint8", DType::UInt8},     {"int16", DType::Int16},
      {"int32", DType::Int32},     {"int64", DType::Int64},     {"bool", DType::Bool}};
  const auto found = names.find(name);
  if (found == names.end()) return unsupported("inputs of type '{}' are not supported", name);
  return found->second;
}

// Applications of layers in all, those of nested models counted for each use; models in models, each used twice, grow without bound.
int64_t count_calls(const Network& network) {
  int64_t total = 0;
  for (const Layer& layer : network.layers) {
    total += static_cast<int64_t>(layer.calls.size()) * (layer.network == nullptr ? 1 : count_calls(*layer.network));
    if (total > kMostCalls) return kMostCalls + 1;
  }
  return total;
}

std::string context(const Layer& layer) { return fmt::format("layer '{}' ({})", layer.name, layer.class_name); }

class NetworkBuilder {
 public:
  NetworkBuilder(Graph& graph, const Hdf5File& file, const WeightIndex& weights, int version)
      : state_{graph, file, weights, version, {}, {}} {}

  Expected<std::vector<Output>> inputs_of(const Network& network) {
    std::vector<Output> inputs;
    for (const OutputRef& ref : network.inputs) {
      const Layer& layer = network.layers[ref.layer];
      PARE_ASSIGN_IN(const InputSpec spec, input_spec(layer), context(layer));
      PARE_ASSIGN_IN(const DType dtype, parse_dtype_name(spec.dtype), context(layer));
      if (const auto sane = check_size(spec.shape); !sane) return Failure(sane.error().within(context(layer)));
      if (spec.shape.empty())
        return Failure(
            Error{ErrorCode::Unsupported, "an input without a batch is not supported", context(layer), nullptr});
      for (int i = 1; i < spec.shape.rank(); ++i)
        if (spec.shape[i] == kDynamic)
          return Failure(
              Error{ErrorCode::Unsupported,
                    fmt::format(
                        "the input has the shape {}; only the batch may be unknown: build the model with a fixed input "
                        "shape, copy the weights and save it again",
                        spec.shape.to_string()),
                    context(layer), nullptr});
      inputs.push_back({state_.graph.add_input(layer.name, {dtype, spec.shape, {}}), false});
    }
    return inputs;
  }

  // Appends the whole network, applied to these inputs; gives its outputs.
  Expected<std::vector<Output>> apply(const Network& network, const std::vector<Output>& inputs,
                                      const std::string& prefix) {
    if (inputs.size() != network.inputs.size())
      return bad_input("model '{}' is applied to {} inputs, {} were expected", network.name, inputs.size(),
                       network.inputs.size());
    Scope scope{network, prefix, {}, {}};
    for (const Layer& layer : network.layers) {
      scope.results.emplace_back(layer.calls.size());
      for (size_t call = 0; call < layer.calls.size(); ++call)
        scope.waiting.emplace_back(scope.results.size() - 1, call);
    }
    for (size_t i = 0; i < inputs.size(); ++i) scope.results[network.inputs[i].layer][0] = {inputs[i]};
    PARE_TRY(run(scope));
    std::vector<Output> outputs;
    for (const OutputRef& ref : network.outputs) {
      PARE_ASSIGN(const Output output, find(scope, ref));
      outputs.push_back(output);
    }
    return outputs;
  }

  // All weights of the file, also those that are no constant of the graph: nothing reads them, or others were computed from them.
  Expected<std::vector<KerasWeight>> all_weights(const Network& network) const {
    std::map<std::pair<std::string_view, std::string_view>, const KerasWeight*> read;
    for (const KerasWeight& weight : state_.weights_read)
      if (state_.graph.find_value(weight.value) != nullptr)
        read.emplace(std::pair<std::string_view, std::string_view>(weight.layer, weight.name), &weight);
    std::vector<KerasWeight> all;
    for (const Layer& layer : network.layers) {
      for (const OwnedWeight& owned : weights_in_order(layer)) {
        if (const auto found = read.find({owned.path, owned.name}); found != read.end()) {
          all.push_back(*found->second);
          continue;
        }
        const std::string path = state_.weights.path(*owned.layer, owned.name);
        if (path.empty() || !state_.file.has(path)) continue;
        PARE_ASSIGN_IN(Tensor data, state_.file.floats(path), fmt::format("layer '{}'", owned.path));
        all.push_back({owned.path, std::string(owned.name), layout_of(data.shape()), "", data});
      }
    }
    return all;
  }

 private:
  struct Scope {
    const Network& network;
    std::string prefix;                                     // of names
    std::vector<std::vector<std::vector<Output>>> results;  // by layer, call, output; empty until computed
    std::vector<std::pair<size_t, size_t>> waiting;         // calls in the order of the file
  };

  // Sweeps over the calls until all are built; files list them nearly in order.
  Expected<void> run(Scope& scope) {
    while (!scope.waiting.empty()) {
      std::vector<std::pair<size_t, size_t>> later;
      for (const auto& [layer, call] : scope.waiting) {
        if (!scope.results[layer][call].empty()) continue;  // an input
        if (!is_ready(scope, scope.network.layers[layer].calls[call])) {
          later.emplace_back(layer, call);
          continue;
        }
        PARE_ASSIGN_IN(scope.results[layer][call], build_call(scope, scope.network.layers[layer], call),
                       context(scope.network.layers[layer]));
      }
      if (later.size() == scope.waiting.size())
        return bad_input("the layers are connected in a circle through '{}'",
                         scope.network.layers[later.front().first].name);
      scope.waiting = std::move(later);
    }
    return {};
  }

  static bool is_ready(const Scope& scope, const Call& call) {
    return std::all_of(call.arguments.begin(), call.arguments.end(), [&](const Argument& argument) {
      const auto* ref = std::get_if<OutputRef>(&argument);
      return ref == nullptr || !scope.results[ref->layer][ref->call].empty();
    });
  }

  static Expected<Output> find(const Scope& scope, const OutputRef& ref) {
    const auto& outputs = scope.results[ref.layer][ref.call];
    if (ref.output >= outputs.size())
      return bad_input("output {} of layer '{}' is used, which has {}", ref.output,
                       scope.network.layers[ref.layer].name, outputs.size());
    return outputs[ref.output];
  }

  Expected<std::vector<Output>> build_call(const Scope& scope, const Layer& layer, size_t number) {
    if (layer.is_input()) return bad_input("it is not among the inputs that the model lists");
    const std::string name = scope.prefix + layer.name;
    std::vector<Output> arguments;
    for (const Argument& argument : layer.calls[number].arguments) {
      if (const auto* constant = std::get_if<double>(&argument)) {
        arguments.push_back(
            {state_.graph.add_constant(name + "/constant", Tensor::scalar(static_cast<float>(*constant))), false});
        continue;
      }
      PARE_ASSIGN(const Output output, find(scope, std::get<OutputRef>(argument)));
      arguments.push_back(output);
    }
    if (layer.network != nullptr) return apply(*layer.network, arguments, name + "/");
    PARE_ASSIGN(const Output output, build_plain(layer, name, arguments));
    return std::vector<Output>{output};
  }

  Expected<Output> build_plain(const Layer& layer, const std::string& name, const std::vector<Output>& arguments) {
    const bool masked = std::any_of(arguments.begin(), arguments.end(), [](const Output& each) { return each.masked; });
    if (masked && needs_mask(layer))
      return unsupported("it would have to leave out masked positions; use Embedding without mask_zero");
    std::vector<Value*> values;
    for (const Output& each : arguments) values.push_back(each.value);
    LayerBuilder builder(state_, layer, name, values);
    PARE_ASSIGN(Value * result, build_layer(builder));
    PARE_TRY(check_size(result->type.shape));
    if (std::find(values.begin(), values.end(), result) == values.end()) state_.graph.rename(result, name);
    const Json* mask_zero = builder.settings.find("mask_zero");
    return Output{result, (masked && passes_mask(layer)) || (mask_zero != nullptr && *mask_zero == true)};
  }

  BuildState state_;
};

// Names of ends, made unique as Keras does where a layer gives several outputs.
std::string unique_name(std::string name, std::set<std::string>& taken) {
  const std::string wanted = name;
  for (int suffix = 1; !taken.insert(name).second; ++suffix) name = fmt::format("{}_{}", wanted, suffix);
  return name;
}

}  // namespace

Expected<Model> build_network(const Network& network, const Hdf5File& file, const WeightIndex& weights,
                              KerasOrigin origin) {
  if (count_calls(network) > kMostCalls) return unsupported("the model applies more than {} layers", kMostCalls);
  Model model;
  model.graphs.emplace_back("main");
  Graph& graph = model.graphs.front();
  NetworkBuilder builder(graph, file, weights, origin.major());
  PARE_ASSIGN(const auto inputs, builder.inputs_of(network));
  PARE_ASSIGN(const auto outputs, builder.apply(network, inputs, ""));
  Signature signature{"serving_default", 0, {}, {}};
  std::set<std::string> input_names, output_names;
  for (size_t i = 0; i < inputs.size(); ++i)
    signature.inputs.emplace_back(unique_name(network.layers[network.inputs[i].layer].name, input_names),
                                  inputs[i].value);
  for (size_t i = 0; i < outputs.size(); ++i) {
    graph.outputs.push_back(outputs[i].value);
    signature.outputs.emplace_back(unique_name(network.layers[network.outputs[i].layer].name, output_names),
                                   outputs[i].value);
  }
  model.signatures.push_back(std::move(signature));
  graph.remove_dead();
  PARE_ASSIGN(origin.weights, builder.all_weights(network));
  model.keras = std::make_shared<const KerasOrigin>(std::move(origin));
  return model;
}

}  // namespace pare::keras
