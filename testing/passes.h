// What every pass must satisfy, for the tests of passes.
#pragma once

#include <gmock/gmock.h>

#include "engine/evaluate.h"
#include "engine/program.h"
#include "ir/verify.h"
#include "passes/pass.h"
#include "testing/graphs.h"

namespace pare::testing {

// Outputs for random inputs of `batch` samples, computed by the reference implementations.
inline std::vector<std::vector<float>> run_reference(const Graph& graph, uint64_t seed, int64_t batch = 2) {
  auto program = Program::compile(graph, {.engine = Engine::Reference, .batch = batch});
  EXPECT_TRUE(program) << (program ? "" : program.error().to_string());
  if (!program) return {};
  Context context(*program);
  Random random(seed);
  for (size_t i = 0; i < graph.inputs.size(); ++i)
    for (float& value : context.input_as<float>(i)) value = random.uniform(-2, 2);
  context.run();
  std::vector<std::vector<float>> outputs;
  for (size_t i = 0; i < graph.outputs.size(); ++i) outputs.push_back(to_floats(context.output_tensor(i)));
  return outputs;
}

// Runs a pass on a graph: it must leave a sound graph with the same outputs, by name and within `tolerance` by number, and find
// nothing to do a second time. Returns the number of changes.
inline size_t check_pass(Graph& graph, Expected<size_t> (*pass)(Graph&, const Evaluator&), float tolerance = 1e-5f) {
  const Graph before = graph.clone();
  const auto changes = pass(graph, evaluate);
  EXPECT_TRUE(changes) << (changes ? "" : changes.error().to_string());
  const auto verified = verify(graph);
  EXPECT_TRUE(verified) << (verified ? "" : verified.error().to_string()) << "\n" << print(graph);
  if (!changes || !verified) return 0;
  EXPECT_EQ(pass(graph, evaluate).value(), 0u) << "a second run found something to do\n" << print(graph);
  for (size_t i = 0; i < graph.outputs.size(); ++i) EXPECT_EQ(graph.outputs[i]->name, before.outputs[i]->name);
  const auto expected = run_reference(before, 5), got = run_reference(graph, 5);
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(got[i].size(), expected[i].size());
    for (size_t k = 0; k < std::min(got[i].size(), expected[i].size()); ++k)
      EXPECT_NEAR(got[i][k], expected[i][k], tolerance * std::max(1.f, std::abs(expected[i][k])))
          << "output " << i << " element " << k;
  }
  return *changes;
}

}  // namespace pare::testing
