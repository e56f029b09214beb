#include "engine/runner.h"

#include <gmock/gmock.h>

#include "ops/conv_2d.h"
#include "testing/graphs.h"

namespace pare {
namespace {

Tensor random_tensor(Shape shape, uint64_t seed) {
  Random random(seed);
  return testing::random_tensor(std::move(shape), random);
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

TEST(Runner, FixedBatchesAreNeverCut) {
  const Graph graph = testing::parsed("graph (%x: f32[2, 3]) { %y = relu(%x) return %y }");
  Random random(5);
  const Tensor samples = testing::random_tensor({10, 3}, random);
  const Tensor expected = run_with(graph, samples, {});
  for (const int threads : {1, 2, 3, 9}) {
    auto runner = Runner::create(graph, {.threads = threads});
    Tensor got(DType::Float32, expected.shape());
    ASSERT_TRUE(runner->run_batch(10, {samples.bytes().data()}, {got.mutable_bytes().data()}));
    EXPECT_EQ(got, expected) << threads << " threads";
    EXPECT_THAT(runner->run_batch(9, {}, {}).error().message,
                ::testing::HasSubstr("a batch of 9 for a model whose batch"));
    EXPECT_THAT(runner->run(source_of({Tensor(DType::Float32, {9, 3})}), nullptr).error().message,
                ::testing::HasSubstr("9 samples for a model whose batch is fixed to 2"));
  }
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
