// The public interface in terms of the parts below it.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "eval/real_values.h"
#include "formats/formats.h"
#include "pare/pare.h"
#include "report/json.h"
#include "steps/convert.h"
#include "steps/inspect.h"
#include "steps/quantize.h"
#include "steps/run.h"
#include "steps/samples.h"

namespace pare {
namespace {

Problem problem_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::Usage: return Problem::Usage;
    case ErrorCode::Unsupported: return Problem::Unsupported;
    case ErrorCode::Internal: return Problem::Internal;
    case ErrorCode::BadInput:
    case ErrorCode::Io:
    case ErrorCode::GoalMissed: break;
  }
  return Problem::BadInput;
}

template <class T>
T value_or_throw(Expected<T> expected) {
  if (!expected) throw Exception(problem_of(expected.error().code), expected.error().to_string());
  if constexpr (!std::is_void_v<T>) return std::move(*expected);
}

DType port_type(const std::string& name) {
  for (const auto& [spelling, type] : {std::pair("float32", DType::Float32), std::pair("int8", DType::Int8),
                                       std::pair("uint8", DType::UInt8), std::pair("int16", DType::Int16)})
    if (name == spelling) return type;
  throw Exception(Problem::Usage, fmt::format("io is '{}'; float32, int8, uint8 or int16 was expected", name));
}

QuantMode mode_named(const std::string& name) {
  if (const auto mode = parse_enum<QuantMode>(name)) return *mode;
  throw Exception(Problem::Usage, fmt::format("there is no mode '{}'", name));
}

// Arrays of real numbers in the types of the graph's inputs.
std::vector<NamedTensor> tensors_of(const std::vector<Array>& arrays, const Graph& graph) {
  std::vector<NamedTensor> tensors;
  for (const Array& array : arrays) {
    const Shape shape(array.shape);
    if (shape.checked_elements() != static_cast<int64_t>(array.values.size()))
      throw Exception(Problem::Usage, fmt::format("the array '{}' has {} values for the shape {}", array.name,
                                                  array.values.size(), shape.to_string()));
    const Value* input =
        arrays.size() == 1 && graph.inputs.size() == 1 ? graph.inputs[0] : graph.find_value(array.name);
    Tensor tensor = Tensor::of<float>(shape, array.values);
    tensors.push_back({array.name, input == nullptr ? tensor : stored_as(input->type, tensor)});
  }
  return tensors;
}

std::vector<float> real_numbers(const Tensor& tensor, const TensorType& type) {
  std::vector<float> numbers = to_floats(tensor);
  if (!type.is_quantized()) return numbers;
  const Quantization& quantization = *type.quantization;
  for (float& number : numbers)
    number = (number - static_cast<float>(quantization.zero_point())) * quantization.scale();
  return numbers;
}

}  // namespace

struct Network::State {
  Model model;
  std::vector<Decision> decisions;
};

Network::Network(std::unique_ptr<State> state) : state_(std::move(state)) {}
Network::Network(Network&&) noexcept = default;
Network& Network::operator=(Network&&) noexcept = default;
Network::~Network() = default;

Network Network::load(const std::string& path) {
  auto state = std::make_unique<State>();
  state->model = value_or_throw(read_model(path));
  return Network(std::move(state));
}

void Network::save(const std::string& path) const {
  const bool quantized_here = !state_->decisions.empty();
  const ConvertResult written = value_or_throw(convert(state_->model, path, {.optimize = quantized_here}));
  value_or_throw(write_model(written.model, path));
}

Network Network::quantize(const QuantizeSettings& settings) const {
  QuantizeOptions options;
  options.config.mode = mode_named(settings.mode);
  options.config.io = port_type(settings.io);
  options.config.exclude = settings.exclude;
  options.threads = settings.threads;
  std::optional<SampleSource> samples;
  if (needs_calibration(options.config.mode) && !settings.data.empty())
    samples = value_or_throw(calibration_source(state_->model.main(), settings.data, settings.samples));
  QuantizeResult result = value_or_throw(pare::quantize(state_->model, samples ? &*samples : nullptr, options));
  auto state = std::make_unique<State>();
  for (const auto& node : result.baseline.main().nodes()) {
    const NodePlan& plan = result.plan.of(*node);
    state->decisions.push_back(
        {node->name, std::string(node->op().name), std::string(to_string(plan.precision)), plan.reason, plan.remedy});
  }
  state->model = std::move(result.model);
  return Network(std::move(state));
}

const std::vector<Decision>& Network::decisions() const { return state_->decisions; }

std::vector<Array> Network::run(const std::vector<Array>& inputs, int threads) const {
  RunOptions options;
  options.threads = threads;
  const RunResult result = value_or_throw(run_model(state_->model, tensors_of(inputs, state_->model.main()), options));
  std::vector<Array> outputs;
  for (size_t i = 0; i < result.outputs.size(); ++i) {
    const NamedTensor& each = result.outputs[i];
    outputs.push_back(
        {each.name, each.tensor.shape().dims(), real_numbers(each.tensor, state_->model.main().outputs[i]->type)});
  }
  return outputs;
}

std::string Network::inspect() const { return to_json(pare::inspect(state_->model)).dump(2); }

const char* version() { return PARE_VERSION; }

}  // namespace pare
