// The AVX-512 kernels of whole operators against the plain ones, over random shapes.
#include <gtest/gtest.h>

#include "base/random.h"
#include "engine/cpu.h"
#include "engine/program.h"
#include "ops/conv_2d.h"
#include "ops/elementwise_binary.h"
#include "ops/fully_connected.h"
#include "ops/pool_2d.h"
#include "ops/reductions.h"

namespace pare {
namespace {

enum class Form { Float, Int8, Dynamic };  // Dynamic: float activations, int8 weights

// One weighted operator with random operands.
class Problem {
 public:
  Problem(Random& random, Form form) : random_(random), form_(form) {}

  Value* src(Graph& graph, Shape shape) {
    if (form_ != Form::Int8) return graph.add_input("src", {DType::Float32, std::move(shape), {}});
    return graph.add_input("src", {DType::Int8, std::move(shape), Quantization::per_tensor(0.02f, -9)});
  }
  Value* weights(Graph& graph, Shape shape, int axis) {
    channels_ = shape[axis];
    if (form_ == Form::Float) return graph.add_constant("weights", random_tensor(DType::Float32, std::move(shape)));
    std::vector<float> scales;
    for (int64_t i = 0; i < channels_; ++i) scales.push_back(random_.uniform(0.001f, 0.004f));
    return graph.add_constant("weights", random_tensor(DType::Int8, std::move(shape)),
                              Quantization::per_axis(scales, axis));
  }
  Value* bias(Graph& graph, const Value* weights, int axis) {
    if (form_ != Form::Int8) return graph.add_constant("bias", random_tensor(DType::Float32, {channels_}));
    Tensor values(DType::Int32, {channels_});
    for (int32_t& value : values.mutable_values<int32_t>()) value = static_cast<int32_t>(random_.below(4000) - 2000);
    std::vector<float> scales;
    for (const float scale : weights->type.quantization->scales) scales.push_back(scale * 0.02f);
    return graph.add_constant("bias", values, Quantization::per_axis(scales, axis));
  }
  void finish(Graph& graph, const OpDef& op, Attributes attributes, std::vector<Value*> operands) {
    Node* node = *graph.append(op, std::move(attributes), std::move(operands), {"dst"});
    if (form_ == Form::Int8) node->result()->type.quantization = Quantization::per_tensor(0.05f, 4);
    graph.outputs = {node->result()};
  }

  // Runs with both engines and the given threads; results must agree, integers within one unit.
  void compare(const Graph& graph, int64_t batch) {
    const Tensor input = random_tensor(graph.inputs[0]->type.dtype, [&] {
      Shape s = graph.inputs[0]->type.shape;
      s[0] = batch;
      return s;
    }());
    Tensor results[2];
    for (const bool fast : {false, true}) {
      auto program = Program::compile(
          graph, {.engine = fast ? Engine::Fast : Engine::Reference, .threads = fast ? 2 : 1, .batch = batch});
      ASSERT_TRUE(program) << program.error().to_string();
      if (fast) { ASSERT_EQ((*program)->steps()[0].implementation.substr(0, 6), "avx512"); }
      Context context(*program);
      ASSERT_TRUE(context.set_inputs({&input, 1}));
      context.run();
      results[fast] = context.output_tensor(0);
    }
    const std::vector<float> expected = to_floats(results[0]), got = to_floats(results[1]);
    for (size_t i = 0; i < expected.size(); ++i)
      ASSERT_NEAR(got[i], expected[i], form_ == Form::Int8 ? 1.0 : 1e-4) << "element " << i;
  }

  Tensor random_tensor(DType dtype, Shape shape) {
    Tensor tensor(dtype, std::move(shape));
    if (dtype == DType::Float32)
      for (float& value : tensor.mutable_values<float>()) value = random_.uniform(-1, 1);
    else
      for (int8_t& value : tensor.mutable_values<int8_t>()) value = static_cast<int8_t>(random_.below(255) - 127);
    return tensor;
  }

 private:
  Random& random_;
  Form form_;
  int64_t channels_ = 0;
};

class Avx512Kernels : public ::testing::TestWithParam<Form> {
 protected:
  void SetUp() override {
    const std::string missing = GetParam() == Form::Float ? missing_avx512() : missing_avx512_vnni();
    if (!missing.empty()) GTEST_SKIP() << missing;
  }
};
// Operators without weights have no dynamic form.
class Avx512PlainKernels : public Avx512Kernels {};

TEST_P(Avx512Kernels, Conv2d) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Problem problem(random, GetParam());
    const int64_t channels = 1 + random.below(40);
    Graph graph;
    Value* src = problem.src(graph, {kDynamic, 5 + random.below(12), 5 + random.below(12), channels});
    Value* weights =
        problem.weights(graph, {1 + random.below(90), 1 + random.below(4), 1 + random.below(4), channels}, 0);
    const Conv2dAttributes attributes{random.below(2) != 0 ? Padding::Same : Padding::Valid,
                                      1 + random.below(2),
                                      1 + random.below(3),
                                      1 + random.below(2),
                                      1,
                                      random.below(2) != 0 ? Activation::Relu : Activation::None};
    problem.finish(graph, *find_op("conv_2d"), attributes, {src, weights, problem.bias(graph, weights, 0)});
    problem.compare(graph, 1 + random.below(3));
  }
}

TEST_P(Avx512Kernels, Conv2dOfThreeByThree) {  // in float by Winograd's algorithm
  for (uint64_t seed = 0; seed < 30; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Problem problem(random, GetParam());
    const int64_t channels = 16 * (1 + random.below(3));
    Graph graph;
    Value* src = problem.src(graph, {kDynamic, 6 + random.below(12), 6 + random.below(12), channels});
    Value* weights = problem.weights(graph, {16 * (1 + random.below(4)), 3, 3, channels}, 0);
    const Conv2dAttributes attributes{.padding = random.below(2) != 0 ? Padding::Same : Padding::Valid,
                                      .activation = Activation::Relu};
    problem.finish(graph, *find_op("conv_2d"), attributes, {src, weights, problem.bias(graph, weights, 0)});
    problem.compare(graph, 1 + random.below(3));
  }
}

TEST_P(Avx512Kernels, DepthwiseConv2d) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Problem problem(random, GetParam());
    constexpr int64_t kChannels[] = {1, 3, 4, 8, 16, 20, 32, 64, 72, 144};
    const int64_t channels = kChannels[random.below(10)];
    Graph graph;
    Value* src = problem.src(graph, {kDynamic, 6 + random.below(14), 6 + random.below(14), channels});
    Value* weights = problem.weights(graph, {1, 1 + random.below(5), 1 + random.below(5), channels}, 3);
    const int64_t stride = 1 + random.below(2);
    const Conv2dAttributes attributes{
        random.below(3) != 0 ? Padding::Same : Padding::Valid, stride, stride, 1, 1, Activation::Relu6};
    problem.finish(graph, *find_op("depthwise_conv_2d"), attributes, {src, weights, problem.bias(graph, weights, 0)});
    problem.compare(graph, 1 + random.below(3));
  }
}

TEST_P(Avx512Kernels, FullyConnected) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Problem problem(random, GetParam());
    const int64_t k = 4 * (1 + random.below(60));
    Graph graph;
    Value* src = problem.src(graph, {kDynamic, k});
    Value* weights = problem.weights(graph, {1 + random.below(200), k}, 0);
    problem.finish(graph, *find_op("fully_connected"), FullyConnectedAttributes{},
                   {src, weights, problem.bias(graph, weights, 0)});
    problem.compare(graph, 1 + random.below(20));
  }
}

TEST_P(Avx512PlainKernels, Pooling) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Problem problem(random, GetParam());
    Graph graph;
    Value* src = problem.src(graph, {kDynamic, 4 + random.below(9), 4 + random.below(9), 1 + random.below(70)});
    const Pool2dAttributes attributes{random.below(2) != 0 ? Padding::Same : Padding::Valid,
                                      1 + random.below(4),
                                      1 + random.below(4),
                                      1 + random.below(3),
                                      1 + random.below(3),
                                      random.below(2) != 0 ? Activation::Relu : Activation::None};
    problem.finish(graph, *find_op(random.below(2) != 0 ? "average_pool_2d" : "max_pool_2d"), attributes, {src});
    graph.outputs[0]->type.quantization = src->type.quantization;  // pooling keeps the parameters
    problem.compare(graph, 1 + random.below(3));
  }
}

TEST_P(Avx512PlainKernels, MeanOverHeightAndWidth) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Problem problem(random, GetParam());
    Graph graph;
    Value* src = problem.src(graph, {kDynamic, 1 + random.below(9), 1 + random.below(9), 1 + random.below(70)});
    Value* axes = graph.add_constant("axes", Tensor::vector<int32_t>({1, -2}));
    problem.finish(graph, *find_op("mean"), ReduceAttributes{.keep_dims = random.below(2) != 0}, {src, axes});
    problem.compare(graph, 1 + random.below(3));
  }
}

TEST_P(Avx512PlainKernels, AdditionAfterConvolution) {  // in float one kernel, in int8 two
  for (uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Problem problem(random, GetParam());
    const int64_t channels = 8 * (1 + random.below(4));
    Graph graph;
    Value* src = problem.src(graph, {kDynamic, 5 + random.below(6), 5 + random.below(6), channels});
    Value* weights = problem.weights(graph, {channels, 3, 3, channels}, 0);
    problem.finish(graph, *find_op("conv_2d"), Conv2dAttributes{}, {src, weights, problem.bias(graph, weights, 0)});
    problem.finish(graph, *find_op("add"), AddAttributes{.activation = Activation::Relu}, {graph.outputs[0], src});
    problem.compare(graph, 1 + random.below(3));
    if (GetParam() == Form::Int8) continue;
    const auto program = Program::compile(graph, {});
    ASSERT_TRUE(program);
    EXPECT_EQ((*program)->steps().size(), 1u);
  }
}

std::string name_of(const ::testing::TestParamInfo<Form>& info) {
  return info.param == Form::Float ? "float" : info.param == Form::Int8 ? "int8" : "dynamic";
}
INSTANTIATE_TEST_SUITE_P(Types, Avx512Kernels, ::testing::Values(Form::Float, Form::Int8, Form::Dynamic), name_of);
INSTANTIATE_TEST_SUITE_P(Types, Avx512PlainKernels, ::testing::Values(Form::Float, Form::Int8), name_of);

}  // namespace
}  // namespace pare
