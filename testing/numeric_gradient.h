// Compares the gradients of a graph with differences of its loss along random directions.
#pragma once

#include <gmock/gmock.h>

#include <cmath>

#include "engine/program.h"
#include "testing/graphs.h"
#include "train/differentiate.h"

namespace pare::testing {

// A graph to differentiate: all float inputs are varied, the loss is the sum of all float outputs under random weights.
struct GradientCase {
  Graph graph;
  std::vector<Tensor> inputs;  // in the graph's order
};

// Adds a scalar output: the weighted sum of the present ones, which it replaces.
inline Value* append_random_loss(Graph& graph, Random& random) {
  Value* loss = nullptr;
  const auto append = [&](std::string_view op, std::vector<Value*> operands) {
    auto node = graph.append(*find_op(op), find_op(op)->attributes, std::move(operands), {"loss"});
    if (!node) throw std::runtime_error(node.error().to_string());
    return (*node)->result();
  };
  for (Value* output : graph.outputs) {
    if (output->type.dtype != DType::Float32) continue;
    Value* weighted = append("mul", {output, graph.add_constant("weights", random_tensor(output->type.shape, random))});
    Tensor axes(DType::Int32, {output->type.shape.rank()});
    for (int i = 0; i < output->type.shape.rank(); ++i) axes.mutable_values<int32_t>()[static_cast<size_t>(i)] = i;
    Value* sum = append("sum", {weighted, graph.add_constant("axes", std::move(axes))});
    loss = loss == nullptr ? sum : append("add", {loss, sum});
  }
  graph.outputs = {loss};
  return loss;
}

inline std::vector<Tensor> outputs_of(const Program& program, Context& context, const std::vector<Tensor>& inputs) {
  auto set = context.set_inputs(inputs);
  if (!set) throw std::runtime_error(set.error().to_string());
  context.run();
  std::vector<Tensor> outputs;
  for (size_t i = 0; i < program.graph().outputs.size(); ++i) outputs.push_back(context.output_tensor(i));
  return outputs;
}

// The largest error of a directional derivative, relative to the gradient's length along a random direction.
inline double gradient_error(GradientCase given, Engine engine, Random& random, int directions = 4) {
  Graph& graph = given.graph;
  Value* loss = append_random_loss(graph, random);
  std::vector<Value*> wanted;
  std::vector<size_t> places;
  for (size_t i = 0; i < graph.inputs.size(); ++i)
    if (graph.inputs[i]->type.dtype == DType::Float32) {
      wanted.push_back(graph.inputs[i]);
      places.push_back(i);
    }
  auto gradients = differentiate(graph, loss, wanted);
  if (!gradients) throw std::runtime_error(gradients.error().to_string());
  for (size_t i = 0; i < wanted.size(); ++i) {
    if ((*gradients)[i] == nullptr) throw std::runtime_error("no gradient for " + wanted[i]->name);
    graph.outputs.push_back((*gradients)[i]);
  }
  auto compiled = Program::compile(graph, {.engine = engine});
  if (!compiled) throw std::runtime_error(compiled.error().to_string());
  Context context(*compiled);
  const std::vector<Tensor> analytic = outputs_of(**compiled, context, given.inputs);

  double worst = 0;
  for (size_t w = 0; w < wanted.size(); ++w) {
    const auto gradient = analytic[w + 1].values<float>();
    double length = 0;
    for (const float value : gradient) length += static_cast<double>(value) * value;
    length = std::sqrt(length);
    for (int round = 0; round < directions; ++round) {
      const Tensor direction = random_tensor(wanted[w]->type.shape, random);
      const auto along = direction.values<float>();
      double expected = 0, size = 0;
      for (size_t i = 0; i < along.size(); ++i) {
        expected += static_cast<double>(gradient[i]) * along[i];
        size += static_cast<double>(along[i]) * along[i];
      }
      const auto loss_at = [&](float step) {
        std::vector<Tensor> moved = given.inputs;
        const auto values = moved[places[w]].mutable_values<float>();
        for (size_t i = 0; i < values.size(); ++i) values[i] += step * along[i];
        return static_cast<double>(outputs_of(**compiled, context, moved)[0].values<float>()[0]);
      };
      // Central differences at two steps, extrapolated to zero (Richardson).
      constexpr float kStep = 1.f / 64;
      const double coarse = (loss_at(kStep) - loss_at(-kStep)) / (2 * kStep),
                   fine = (loss_at(kStep / 2) - loss_at(-kStep / 2)) / kStep;
      const double measured = (4 * fine - coarse) / 3;
      const double scale = std::max(length * std::sqrt(size / static_cast<double>(along.size())), 1e-6);
      worst = std::max(worst, std::abs(measured - expected) / scale);
    }
  }
  return worst;
}

}  // namespace pare::testing
