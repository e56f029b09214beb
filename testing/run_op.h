// Runs one operator on given tensors, and asks for the error of one that refuses them.
#pragma once

#include <gtest/gtest.h>

#include "base/random.h"
#include "engine/evaluate.h"
#include "engine/kernel.h"
#include "ir/graph.h"

namespace pare {

// A graph with one node whose operands are constants; an absent operand is an empty optional.
inline Expected<Node*> make_node(Graph& graph, std::string_view op, const std::vector<std::optional<Tensor>>& operands,
                                 const std::optional<Attributes>& attributes, size_t results = 1) {
  const OpDef* def = find_op(op);
  std::vector<Value*> values;
  for (const auto& operand : operands) values.push_back(operand ? graph.add_constant("operand", *operand) : nullptr);
  return graph.append(*def, attributes ? *attributes : def->attributes, std::move(values),
                      std::vector<std::string>(results, "result"));
}

// The results, computed by the reference kernels.
inline std::vector<Tensor> run_op(std::string_view op, const std::vector<std::optional<Tensor>>& operands,
                                  const std::optional<Attributes>& attributes = {}, size_t results = 1) {
  Graph graph;
  const auto node = make_node(graph, op, operands, attributes, results);
  EXPECT_TRUE(node) << op << ": " << (node ? "" : node.error().to_string());
  if (!node) return std::vector<Tensor>(results);
  auto computed = evaluate(**node);
  EXPECT_TRUE(computed) << op << ": " << (computed ? "" : computed.error().to_string());
  return computed ? *computed : std::vector<Tensor>(results);
}

// The message of the shape rule; empty where it accepts.
inline std::string refusal(std::string_view op, const std::vector<std::optional<Tensor>>& operands,
                           const std::optional<Attributes>& attributes = {}, size_t results = 1) {
  Graph graph;
  const auto node = make_node(graph, op, operands, attributes, results);
  return node ? "" : node.error().to_string();
}

inline Tensor random_floats(const Shape& shape, Random& random, float low = -2, float high = 2) {
  Tensor tensor(DType::Float32, shape);
  for (float& value : tensor.mutable_values<float>()) value = random.uniform(low, high);
  return tensor;
}

// Consecutive numbers, so that every element tells where it came from.
inline Tensor numbered(const Shape& shape) {
  Tensor tensor(DType::Int32, shape);
  int32_t next = 1;
  for (int32_t& value : tensor.mutable_values<int32_t>()) value = next++;
  return tensor;
}

inline Shape random_shape(Random& random, int rank, int64_t largest = 5) {
  Shape shape;
  for (int i = 0; i < rank; ++i)
    shape.push_back(1 + static_cast<int64_t>(random.uniform(0, static_cast<float>(largest) - 0.01f)));
  return shape;
}

}  // namespace pare
