// One operator by itself: what its shape rule says and what its kernels compute.
#pragma once

#include <gmock/gmock.h>

#include <numeric>

#include "engine/program.h"
#include "ir/builder.h"
#include "testing/graphs.h"

namespace pare::testing {

// An operand of the operator under test: constant, fed at run time, or absent.
struct Operand {
  static Operand constant(Tensor data, std::optional<Quantization> quantization = {}) {
    return {std::move(data), std::move(quantization), true};
  }
  static Operand input(Tensor data, std::optional<Quantization> quantization = {}) {
    return {std::move(data), std::move(quantization), false};
  }
  static Operand absent() { return {std::nullopt, {}, true}; }

  std::optional<Tensor> data;
  std::optional<Quantization> quantization;
  bool is_constant;
};

struct RunOperatorOptions {
  Engine engine = Engine::Reference;
  std::optional<Quantization> quantization = {};  // of the first result
  size_t results = 1;
  int threads = 1;
  bool bf16 = false;
};

// All results of the operator.
inline Expected<std::vector<Tensor>> run_operator(std::string_view name, const Attributes& attributes,
                                                  const std::vector<Operand>& operands,
                                                  const RunOperatorOptions& options) {
  Graph graph;
  std::vector<Value*> values;
  std::vector<Tensor> inputs;
  for (const auto& [data, quantization, is_constant] : operands) {
    if (!data)
      values.push_back(nullptr);
    else if (is_constant)
      values.push_back(graph.add_constant("constant", *data, quantization));
    else {
      values.push_back(graph.add_input("input", {data->dtype(), data->shape(), quantization}));
      inputs.push_back(*data);
    }
  }
  const std::vector<std::string> names(options.results, "result");
  PARE_ASSIGN(Node * node, graph.append(*find_op(name), attributes, std::move(values), names));
  node->result()->type.quantization = options.quantization;
  graph.outputs = node->results;
  PARE_ASSIGN(auto program,
              Program::compile(graph, {.engine = options.engine, .threads = options.threads, .bf16 = options.bf16}));
  Context context(program);
  PARE_TRY(context.set_inputs(inputs));
  context.run();
  std::vector<Tensor> results;
  for (size_t i = 0; i < options.results; ++i) results.push_back(context.output_tensor(i));
  return results;
}

// The only result of the operator. `result` is its quantisation.
inline Expected<Tensor> run_operator(std::string_view name, const Attributes& attributes,
                                     const std::vector<Operand>& operands, Engine engine,
                                     std::optional<Quantization> result = {}) {
  return run_operator(name, attributes, operands, {.engine = engine, .quantization = std::move(result)})
      .map([](const std::vector<Tensor>& results) { return results.front(); });
}

// Short forms where nothing but the numbers matters: the reference kernels on constants. Attributes left out are the operator's
// defaults; an operand without a tensor is absent.
inline std::vector<Tensor> results_of(std::string_view name, const std::vector<std::optional<Tensor>>& tensors,
                                      const std::optional<Attributes>& attributes = {}, size_t count = 1) {
  std::vector<Operand> operands;
  for (const auto& tensor : tensors) operands.push_back(tensor ? Operand::constant(*tensor) : Operand::absent());
  auto results = run_operator(name, attributes ? *attributes : find_op(name)->attributes, operands, {.results = count});
  if (!results) throw std::runtime_error(fmt::format("{}: {}", name, results.error().to_string()));
  return std::move(*results);
}
inline Tensor result_of(std::string_view name, const std::vector<std::optional<Tensor>>& tensors,
                        const std::optional<Attributes>& attributes = {}) {
  return results_of(name, tensors, attributes).front();
}

// The type of the first result as text, or the message of the shape rule's refusal. `constants` gives data to some operands, by position.
inline std::string inferred(std::string_view name, const Attributes& attributes,
                            const std::vector<std::optional<TensorType>>& operands,
                            const std::map<size_t, Tensor>& constants = {}, size_t results = 1) {
  InferContext context{attributes, {}, {}, results};
  for (size_t i = 0; i < operands.size(); ++i) {
    context.operands.push_back(operands[i] ? &*operands[i] : nullptr);
    context.constants.push_back(constants.contains(i) ? &constants.at(i) : nullptr);
  }
  const auto types = find_op(name)->infer(context);
  return types ? to_string(types->front()) : types.error().message;
}

// The same in short, of constants.
inline std::string inferred_of(std::string_view name, const std::vector<std::optional<Tensor>>& tensors,
                               const std::optional<Attributes>& attributes = {}, size_t results = 1) {
  std::vector<std::optional<TensorType>> types;
  std::map<size_t, Tensor> constants;
  for (size_t i = 0; i < tensors.size(); ++i) {
    types.push_back(std::nullopt);
    if (!tensors[i]) continue;
    types.back() = {tensors[i]->dtype(), tensors[i]->shape(), {}};
    constants.emplace(i, *tensors[i]);
  }
  return inferred(name, attributes ? *attributes : find_op(name)->attributes, types, constants, results);
}

inline TensorType f32(Shape shape) { return {DType::Float32, std::move(shape), {}}; }
inline TensorType i32(Shape shape) { return {DType::Int32, std::move(shape), {}}; }

// All elements within `tolerance` times the largest magnitude.
inline void expect_close(const Expected<Tensor>& got, const Expected<Tensor>& expected, double tolerance = 1e-5) {
  ASSERT_TRUE(got) << got.error().to_string();
  ASSERT_TRUE(expected) << expected.error().to_string();
  ASSERT_EQ(got->shape(), expected->shape());
  const auto a = got->values<float>(), b = expected->values<float>();
  double largest = 1e-3;
  for (const float value : b) largest = std::max<double>(largest, std::abs(value));
  for (size_t i = 0; i < b.size(); ++i)
    ASSERT_NEAR(a[i], b[i], tolerance * largest) << "element " << i << " of " << b.size();
}

// Runs an operator with both engines and compares: the fast kernel against the plain one.
inline void expect_fast_agrees(std::string_view name, const Attributes& attributes,
                               const std::vector<Operand>& operands) {
  expect_close(run_operator(name, attributes, operands, Engine::Fast),
               run_operator(name, attributes, operands, Engine::Reference));
}

template <class T>
const T& pick(Random& random, const std::vector<T>& choices) {
  return choices[static_cast<size_t>(random.below(static_cast<int64_t>(choices.size())))];
}

// Consecutive numbers from 1, so that every element tells where it came from.
inline Tensor numbered(const Shape& shape) {
  Tensor tensor(DType::Int32, shape);
  auto values = tensor.mutable_values<int32_t>();
  std::iota(values.begin(), values.end(), 1);
  return tensor;
}

// Extents of 1 to 5.
inline Shape random_shape(Random& random, int64_t rank) {
  Shape shape;
  for (int64_t i = 0; i < rank; ++i) shape.push_back(1 + random.below(5));
  return shape;
}

}  // namespace pare::testing
