// Random tensors and small networks for tests.
#pragma once

#include <stdexcept>
#include <string_view>

#include "base/random.h"
#include "base/tensor.h"
#include "ir/builder.h"
#include "ir/model.h"
#include "ir/text.h"

namespace pare::testing {

inline Tensor random_tensor(Shape shape, Random& random, float low = -1, float high = 1) {
  Tensor tensor(DType::Float32, std::move(shape));
  for (float& value : tensor.mutable_values<float>()) value = random.uniform(low, high);
  return tensor;
}

// The graph of a text (see ir/text.h).
inline Graph parsed(std::string_view text) {
  auto graph = parse_graph(text);
  if (!graph) throw std::invalid_argument(graph.error().to_string());
  return std::move(*graph);
}

inline Model model_of(Graph graph) {
  Model model;
  model.graphs.push_back(std::move(graph));
  return model;
}
inline Model model_of(std::string_view text) { return model_of(parsed(text)); }

inline std::vector<std::string_view> ops_of(const Graph& graph) {
  std::vector<std::string_view> names;
  for (const auto& node : graph.nodes()) names.push_back(node->op().name);
  return names;
}

// Images of 8 x 8 x 3 to ten classes: "conv" with the weights "w" and the bias "b", "pool", "dense" with the weights "dense_w", and
// "y", their softmax.
inline Graph small_classifier() {
  Random random(1);
  GraphBuilder build;
  const auto constant = [&](std::string name, Shape shape, float limit) {
    return build.constant(std::move(name), random_tensor(std::move(shape), random, -limit, limit));
  };
  Value* x = build.input("x", {kDynamic, 8, 8, 3});
  Value* conv = build.op("conv_2d", {x, constant("w", {4, 3, 3, 3}, 1), constant("b", {4}, 1)}, {}, "conv");
  Value* pool = build.op("max_pool_2d", {conv}, {}, "pool");
  Value* dense = build.op("fully_connected", {pool, constant("dense_w", {10, 256}, 0.1f), nullptr}, {}, "dense");
  return build.finish({build.op("softmax", {dense}, {}, "y")});
}

}  // namespace pare::testing
