// One operator by itself: what its shape rule says and what its kernels compute.
#pragma once

#include <gmock/gmock.h>

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

// The only result of the operator. `result` is its quantisation.
inline Expected<Tensor> run_operator(std::string_view name, const Attributes& attributes,
                                     const std::vector<Operand>& operands, Engine engine,
                                     std::optional<Quantization> result = {}) {
  Graph graph;
  std::vector<Value*> values;
  std::vector<Tensor> inputs;
  for (const Operand& operand : operands) {
    if (!operand.data)
      values.push_back(nullptr);
    else if (operand.is_constant)
      values.push_back(graph.add_constant("constant", *operand.data, operand.quantization));
    else {
      values.push_back(graph.add_input("input", {operand.data->dtype(), operand.data->shape(), operand.quantization}));
      inputs.push_back(*operand.data);
    }
  }
  PARE_ASSIGN(Node * node, graph.append(*find_op(name), attributes, values, {"result"}));
  node->result()->type.quantization = std::move(result);
  graph.inputs.clear();
  for (Value* value : values)
    if (value != nullptr && !value->is_constant()) graph.inputs.push_back(value);
  graph.outputs = {node->result()};
  PARE_ASSIGN(auto program, Program::compile(graph, {.engine = engine}));
  Context context(program);
  PARE_TRY(context.set_inputs(inputs));
  context.run();
  return context.output_tensor(0);
}

// The type of the first result as text, or the message of the shape rule's refusal. `constants` gives data to some operands, by position.
inline std::string inferred(std::string_view name, const Attributes& attributes,
                            const std::vector<std::optional<TensorType>>& operands,
                            const std::map<size_t, Tensor>& constants = {}) {
  InferContext context{attributes, {}, {}, 1};
  for (size_t i = 0; i < operands.size(); ++i) {
    context.operands.push_back(operands[i] ? &*operands[i] : nullptr);
    context.constants.push_back(constants.contains(i) ? &constants.at(i) : nullptr);
  }
  const auto types = find_op(name)->infer(context);
  return types ? to_string(types->front()) : types.error().message;
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

}  // namespace pare::testing
