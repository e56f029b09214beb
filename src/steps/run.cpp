#include "steps/run.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "engine/program.h"
#include "engine/runner.h"

namespace pare {
namespace {

// A graph with the names that its inputs and outputs go by.
struct Entry {
  const Graph* graph = nullptr;
  std::vector<std::string> input_names, output_names;
};

std::vector<std::string> names_of(const std::vector<Value*>& values) {
  std::vector<std::string> names;
  for (const Value* value : values) names.push_back(value->name);
  return names;
}

// The names that a signature gives to these values; their own where it gives none.
std::vector<std::string> names_in(const std::vector<std::pair<std::string, Value*>>& given,
                                  const std::vector<Value*>& values) {
  std::vector<std::string> names = names_of(values);
  for (size_t i = 0; i < values.size(); ++i)
    for (const auto& [name, value] : given)
      if (value == values[i]) names[i] = name;
  return names;
}

Entry entry_of(const Model& model, const Signature& signature) {
  const Graph& graph = model.graphs.at(signature.graph);
  return {&graph, names_in(signature.inputs, graph.inputs), names_in(signature.outputs, graph.outputs)};
}

bool named_by(const std::vector<NamedTensor>& inputs, const std::vector<std::string>& names) {
  return std::all_of(inputs.begin(), inputs.end(), [&](const NamedTensor& each) {
    return std::find(names.begin(), names.end(), each.name) != names.end();
  });
}

Expected<Entry> find_entry(const Model& model, const std::vector<NamedTensor>& inputs, const std::string& wanted) {
  std::vector<std::string> keys;
  for (const Signature& signature : model.signatures) {
    if (!wanted.empty() && signature.key == wanted) return entry_of(model, signature);
    keys.push_back(signature.key);
  }
  if (!wanted.empty())
    return usage_error("there is no signature '{}'; the model has {}", wanted,
                       keys.empty() ? "none" : fmt::format("{}", fmt::join(keys, ", ")));
  const Entry plain{&model.main(), names_of(model.main().inputs), names_of(model.main().outputs)};
  if (named_by(inputs, plain.input_names)) return plain;
  for (const Signature& signature : model.signatures)  // arrays named as in a signature
    if (const Entry entry = entry_of(model, signature); signature.graph == 0 && named_by(inputs, entry.input_names))
      return entry;
  return plain;
}

std::string names_of(const std::vector<NamedTensor>& arrays) {
  std::vector<std::string> names;
  for (const NamedTensor& each : arrays) names.push_back(each.name.empty() ? "one without a name" : each.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

// The arrays in the order of the graph's inputs.
Expected<std::vector<Tensor>> arrange(const Entry& entry, const std::vector<NamedTensor>& inputs) {
  const std::vector<std::string>& names = entry.input_names;
  if (names.size() == 1 && inputs.size() == 1 && (inputs[0].name.empty() || inputs[0].name == names[0]))
    return std::vector{inputs[0].tensor};
  std::vector<Tensor> arranged;
  for (const std::string& name : names) {
    const auto found =
        std::find_if(inputs.begin(), inputs.end(), [&](const NamedTensor& each) { return each.name == name; });
    if (found == inputs.end())
      return bad_input("there is no array for the input '{}' among {}; the model takes {}", name, names_of(inputs),
                       fmt::join(names, ", "));
    arranged.push_back(found->tensor);
  }
  for (const NamedTensor& each : inputs)
    if (std::find(names.begin(), names.end(), each.name) == names.end())
      return bad_input("the array '{}' belongs to no input; the model takes {}", each.name, fmt::join(names, ", "));
  return arranged;
}

// True where the array has the input's shape but for the first extent.
bool fits_sample(const Shape& given, const Shape& wanted) {
  if (given.rank() != wanted.rank()) return false;
  for (int i = 1; i < given.rank(); ++i)
    if (wanted[i] != kDynamic && wanted[i] != given[i]) return false;
  return true;
}

Expected<void> check_types(const Entry& entry, const std::vector<Tensor>& inputs) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    const TensorType& wanted = entry.graph->inputs[i]->type;
    const bool symbolic = wanted.shape.rank() > 0 && wanted.shape[0] == kDynamic;
    const bool multiple = wanted.shape.rank() > 0 && !symbolic && inputs[i].shape().rank() > 0 && wanted.shape[0] > 0 &&
                          inputs[i].shape()[0] % wanted.shape[0] == 0;
    if (inputs[i].dtype() == wanted.dtype && fits_sample(inputs[i].shape(), wanted.shape) &&
        (symbolic || multiple || wanted.shape.rank() == 0))
      continue;
    return bad_input("the array for input '{}' is {}{}, the model takes {}{}", entry.input_names[i],
                     to_string(inputs[i].dtype()), inputs[i].shape().to_string(), to_string(wanted.dtype),
                     wanted.shape.to_string());
  }
  return {};
}

bool has_variables(const Graph& graph) {
  return std::any_of(graph.values().begin(), graph.values().end(),
                     [](const auto& value) { return value->is_variable; });
}

// Whether the first extent of each output counts samples: not where it is summed over, or where a constant pairs with it. The shape
// rules tell for a batch that is a large prime, which no other extent is a multiple of.
bool outputs_follow_batch(const Graph& graph) {
  constexpr int64_t kProbe = 9973;
  Graph probe = graph.clone();
  for (Value* input : probe.inputs)
    if (input->type.shape[0] == kDynamic) input->type.shape[0] = kProbe;
  if (!infer_types(probe)) return false;
  return std::none_of(probe.outputs.begin(), probe.outputs.end(), [&](const Value* output) {
    const Shape& shape = output->type.shape;
    return shape.rank() == 0 || (shape[0] != kDynamic && shape[0] % kProbe != 0);
  });
}

// Only the batch may vary from slice to slice, and every input and output has it in front.
bool runs_in_slices(const Graph& graph) {
  const auto batched = [](const Value* value) {
    const Shape& shape = value->type.shape;
    return shape.rank() > 0 && std::count(shape.begin(), shape.end(), kDynamic) == (shape[0] == kDynamic ? 1 : 0);
  };
  if (has_variables(graph) || !std::all_of(graph.inputs.begin(), graph.inputs.end(), batched) ||
      !std::all_of(graph.outputs.begin(), graph.outputs.end(), batched))
    return false;
  const bool free = !graph.inputs.empty() && graph.inputs[0]->type.shape[0] == kDynamic;
  return !free || outputs_follow_batch(graph);
}

// True where the arrays have the very shapes of the inputs: nothing says then that their first extent counts samples.
bool as_stored(const Graph& graph, const std::vector<Tensor>& inputs) {
  for (size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i].shape() != graph.inputs[i]->type.shape) return false;
  return true;
}

// The number of a tensor in its file, or where it came from none, its place in the graph.
int64_t position_of(const Graph& graph, const Value* value) {
  if (value->file_index >= 0) return value->file_index;
  const auto at =
      std::find_if(graph.values().begin(), graph.values().end(), [&](const auto& each) { return each.get() == value; });
  return at - graph.values().begin();
}

// The graph with the shapes of the arrays, run once over all samples.
Expected<RunResult> run_at_once(const Entry& entry, const std::vector<Tensor>& inputs, const RunOptions& options) {
  Graph bound = entry.graph->clone();
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!bound.inputs[i]->type.shape.compatible_with(inputs[i].shape()))
      return unsupported("{} samples at once for a model of fixed batch {}; leave out what asks for all of them",
                         inputs[i].shape()[0], bound.inputs[i]->type.shape[0]);
    bound.inputs[i]->type.shape = inputs[i].shape();
  }
  PARE_ASSIGN(auto program, Program::compile(bound, {.engine = options.engine,
                                                     .threads = options.threads,
                                                     .fuse = !options.keep_tensors,
                                                     .keep_all = options.keep_tensors}));
  Context context(program);
  PARE_TRY(context.set_inputs(inputs));
  context.run();
  RunResult result;
  for (size_t i = 0; i < entry.output_names.size(); ++i)
    result.outputs.push_back({entry.output_names[i], context.output_tensor(i)});
  if (!options.keep_tensors) return result;
  for (const Step& step : program->steps()) {
    for (const Value* value : step.node->results) {
      const Value* original = entry.graph->find_value(value->name);
      if (original == nullptr || value->type.dtype == DType::String) continue;
      const size_t bytes = storage_bytes(value->type.dtype, value->type.shape.elements());
      result.tensors.push_back(
          {fmt::format("{}:{}", position_of(*entry.graph, original), value->name),
           Tensor(value->type.dtype, value->type.shape, {static_cast<const std::byte*>(context.data(value)), bytes})});
    }
  }
  return result;
}

}  // namespace

Expected<RunResult> run_model(const Model& model, const std::vector<NamedTensor>& named, const RunOptions& options) {
  PARE_ASSIGN(const Entry entry, find_entry(model, named, options.signature));
  PARE_ASSIGN(std::vector<Tensor> inputs, arrange(entry, named));
  PARE_TRY(check_types(entry, inputs));
  if (options.keep_tensors || as_stored(*entry.graph, inputs) || !runs_in_slices(*entry.graph))
    return run_at_once(entry, inputs, options);
  for (size_t i = 1; i < inputs.size(); ++i)
    if (inputs[i].shape()[0] != inputs[0].shape()[0])
      return bad_input("{} samples for input '{}', {} for '{}'", inputs[i].shape()[0], entry.input_names[i],
                       inputs[0].shape()[0], entry.input_names[0]);
  PARE_ASSIGN(
      Runner runner,
      Runner::create(*entry.graph, {.engine = options.engine, .threads = options.threads, .slice = options.batch}));
  PARE_ASSIGN(std::vector<Tensor> outputs, runner.outputs(source_of(std::move(inputs))));
  RunResult result;
  for (size_t i = 0; i < outputs.size(); ++i) result.outputs.push_back({entry.output_names[i], std::move(outputs[i])});
  return result;
}

}  // namespace pare
