#include "engine/runner.h"

#include <gmock/gmock.h>

#include "base/random.h"
#include "ops/conv_2d.h"

namespace pare {
namespace {

Tensor random_tensor(Shape shape, uint64_t seed) {
  Random random(seed);
  Tensor tensor(DType::Float32, std::move(shape));
  for (float& value : tensor.mutable_values<float>()) value = random.uniform(-1, 1);
  return tensor;
}

Graph network() {
  Graph graph;
  Value* input = graph.add_input("input", {DType::Float32, Shape{kDynamic, 6, 6, 2}, {}});
  Value* weights = graph.add_constant("weights", random_tensor({4, 3, 3, 2}, 1));
  graph.outputs = {(*graph.append(*find_op("conv_2d"), Conv2dAttributes{}, {input, weights}, {"conv"}))->result()};
  return graph;
}

Tensor run_with(const Graph& graph, const Tensor& samples, RunnerOptions options) {
  auto runner = Runner::create(graph, options);
  EXPECT_TRUE(runner) << runner.error().to_string();
  auto outputs = runner->outputs(source_of({samples}));
  EXPECT_TRUE(outputs) << outputs.error().to_string();
  return outputs->front();
}

TEST(Runner, SlicesAndThreadsDoNotChangeResults) {
  const Graph graph = network();
  const Tensor samples = random_tensor({13, 6, 6, 2}, 2);
  const Tensor expected = run_with(graph, samples, {.threads = 1, .slice = 1});
  ASSERT_EQ(expected.shape(), (Shape{13, 6, 6, 4}));
  for (const int threads : {1, 2, 5})
    for (const int64_t slice : {1, 4, 32}) {
      const Tensor got = run_with(graph, samples, {.threads = threads, .slice = slice});
      for (size_t i = 0; i < got.values<float>().size(); ++i)
        ASSERT_NEAR(got.values<float>()[i], expected.values<float>()[i], 1e-6);
    }
}

TEST(Runner, BatchInPlaceAgreesWithOutputs) {
  const Graph graph = network();
  const Tensor samples = random_tensor({7, 6, 6, 2}, 3);
  const Tensor expected = run_with(graph, samples, {.threads = 1, .slice = 1});
  auto runner = Runner::create(graph, {.threads = 2, .slice = 2});
  Tensor got(DType::Float32, expected.shape());
  ASSERT_TRUE(runner->run_batch(7, {samples.bytes().data()}, {got.mutable_bytes().data()}));
  for (size_t i = 0; i < got.values<float>().size(); ++i)
    ASSERT_NEAR(got.values<float>()[i], expected.values<float>()[i], 1e-6);
}

TEST(Runner, FailureOfTheSourceStopsTheRun) {
  const Graph graph = network();
  auto runner = Runner::create(graph, {.threads = 2, .slice = 1});
  const SampleSource broken{100, [](int64_t first, int64_t) -> Expected<std::vector<Tensor>> {
                              if (first >= 3) return bad_input("sample {} is broken", first);
                              return std::vector<Tensor>{random_tensor({1, 6, 6, 2}, 4)};
                            }};
  const auto done = runner->run(broken, nullptr);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, ::testing::HasSubstr("is broken"));
}

}  // namespace
}  // namespace pare
