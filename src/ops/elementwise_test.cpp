// Element-wise operators, comparisons, select and reductions in float and plain integers, against references of one line each.
#include <cmath>

#include "ops/activations.h"
#include "ops/elementwise_binary.h"
#include "ops/reductions.h"
#include "testing/naive_indexing.h"
#include "testing/operators.h"

namespace pare {
namespace {

using ::testing::HasSubstr;
using testing::inferred_of;
using testing::numbered;
using testing::random_shape;
using testing::random_tensor;
using testing::result_of;

constexpr float kTolerance = 2e-6f;

void expect_close(const Tensor& got, const Tensor& expected, const std::string& what) {
  ASSERT_EQ(got.shape(), expected.shape()) << what;
  const auto a = got.values<float>(), b = expected.values<float>();
  for (size_t i = 0; i < a.size(); ++i)
    EXPECT_NEAR(a[i], b[i], kTolerance * std::max(1.f, std::abs(b[i]))) << what << " element " << i;
}

struct UnaryCase {
  std::string_view op;
  double (*function)(double);
  float low = -4, high = 4;
};
const UnaryCase kUnary[] = {
    {"abs", [](double x) { return std::abs(x); }},
    {"neg", [](double x) { return -x; }},
    {"exp", [](double x) { return std::exp(x); }},
    {"log", [](double x) { return std::log(x); }, 0.1f, 9},
    {"sqrt", [](double x) { return std::sqrt(x); }, 0, 9},
    {"rsqrt", [](double x) { return 1 / std::sqrt(x); }, 0.1f, 9},
    {"square", [](double x) { return x * x; }},
    {"sin", [](double x) { return std::sin(x); }},
    {"cos", [](double x) { return std::cos(x); }},
    {"floor", [](double x) { return std::floor(x); }},
    {"ceil", [](double x) { return std::ceil(x); }},
    {"sign", [](double x) { return x > 0 ? 1. : -1.; }},
    {"erf", [](double x) { return std::erf(x); }},
    {"relu", [](double x) { return std::max(x, 0.); }},
    {"relu6", [](double x) { return std::clamp(x, 0., 6.); }, -4, 9},
    {"relu_n1_to_1", [](double x) { return std::clamp(x, -1., 1.); }},
    {"relu_0_to_1", [](double x) { return std::clamp(x, 0., 1.); }},
    {"leaky_relu", [](double x) { return x > 0 ? x : 0.01 * x; }},
    {"elu", [](double x) { return x > 0 ? x : std::exp(x) - 1; }},
    {"hard_swish", [](double x) { return x * std::clamp(x + 3, 0., 6.) / 6; }, -5, 5},
    {"logistic", [](double x) { return 1 / (1 + std::exp(-x)); }, -20, 20},
    {"tanh", [](double x) { return std::tanh(x); }},
    {"gelu", [](double x) { return x * (1 + std::erf(x / std::sqrt(2.))) / 2; }},
    {"selu", [](double x) { return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * (std::exp(x) - 1)); }},
    {"softplus", [](double x) { return std::log(1 + std::exp(x)); }, -30, 30},
    {"softsign", [](double x) { return x / (1 + std::abs(x)); }},
    {"swish", [](double x) { return x / (1 + std::exp(-x)); }, -20, 20},
    {"mish", [](double x) { return x * std::tanh(std::log(1 + std::exp(x))); }, -20, 20},
    {"hard_sigmoid", [](double x) { return std::clamp(0.2 * x + 0.5, 0., 1.); }},
};

TEST(Elementwise, FunctionsOfOneTensor) {
  Random random(11);
  for (const UnaryCase& each : kUnary) {
    const Tensor src = random_tensor({3, 37}, random, each.low, each.high);
    const Tensor expected = tensor_of<float>(
        src.shape(), [&](const Index& at) { return static_cast<float>(each.function(broadcast_at<float>(src, at))); });
    expect_close(result_of(each.op, {src}), expected, std::string(each.op));
  }
}

TEST(Elementwise, RoundsHalvesToEven) {
  const Tensor src = Tensor::vector<float>({-2.5f, -1.5f, -0.5f, 0.5f, 1.5f, 2.5f, 2.6f});
  EXPECT_EQ(result_of("round", {src}), Tensor::vector<float>({-2, -2, -0.f, 0, 2, 2, 3}));
}

TEST(Elementwise, ApproximateGelu) {
  const Tensor got = result_of("gelu", {Tensor::vector<float>({-1, 0, 2})}, GeluAttributes{.approximate = true});
  expect_close(got, Tensor::vector<float>({-0.15880801f, 0, 1.9545977f}), "gelu");
}

struct BinaryCase {
  std::string_view op;
  double (*function)(double, double);
  float low = -3, high = 3;
};
const BinaryCase kBinary[] = {
    {"add", [](double x, double y) { return x + y; }},
    {"sub", [](double x, double y) { return x - y; }},
    {"mul", [](double x, double y) { return x * y; }},
    {"div", [](double x, double y) { return x / y; }, 0.5f, 3},
    {"maximum", [](double x, double y) { return std::max(x, y); }},
    {"minimum", [](double x, double y) { return std::min(x, y); }},
    {"squared_difference", [](double x, double y) { return (x - y) * (x - y); }},
    {"pow", [](double x, double y) { return std::pow(x, y); }, 0.2f, 3},
    {"floor_div", [](double x, double y) { return std::floor(x / y); }, 0.5f, 9},
    {"floor_mod", [](double x, double y) { return x - std::floor(x / y) * y; }, 0.5f, 9},
    {"prelu", [](double x, double y) { return x >= 0 ? x : x * y; }},
};

// Two shapes that broadcast; the second never the larger, as prelu wants it.
std::pair<Shape, Shape> broadcastable(Random& random) {
  const Shape x = random_shape(random, 1 + random.below(4));
  Shape y;
  for (int i = static_cast<int>(random.uniform(0, static_cast<float>(x.rank()))); i < x.rank(); ++i)
    y.push_back(random.uniform(0, 1) < 0.4f ? 1 : x[i]);
  return {x, y};
}

TEST(Elementwise, FunctionsOfTwoBroadcastTensors) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Random random(seed);
    for (const BinaryCase& each : kBinary) {
      const auto [x_shape, y_shape] = broadcastable(random);
      const Tensor x = random_tensor(x_shape, random, each.low, each.high),
                   y = random_tensor(y_shape, random, each.low, each.high);
      const Tensor expected = tensor_of<float>(x_shape, [&](const Index& at) {
        return static_cast<float>(each.function(broadcast_at<float>(x, at), broadcast_at<float>(y, at)));
      });
      expect_close(result_of(each.op, {x, y}), expected,
                   fmt::format("{} seed {} {} {}", each.op, seed, x_shape.to_string(), y_shape.to_string()));
    }
  }
}

TEST(Elementwise, TheSecondOperandMayBeTheLarger) {
  const Tensor got = result_of("sub", {Tensor::vector<float>({1, 2}), Tensor::of<float>({2, 2}, {1, 1, 5, 7})});
  EXPECT_EQ(got, Tensor::of<float>({2, 2}, {0, 1, -4, -5}));
}

TEST(Elementwise, FusedActivations) {
  const Tensor x = Tensor::vector<float>({-9, -0.5f, 3, 9}), y = Tensor::vector<float>({0, 0, 0, 0});
  EXPECT_EQ(result_of("add", {x, y}, AddAttributes{.activation = Activation::Relu}),
            Tensor::vector<float>({0, 0, 3, 9}));
  EXPECT_EQ(result_of("add", {x, y}, AddAttributes{.activation = Activation::Relu6}),
            Tensor::vector<float>({0, 0, 3, 6}));
  EXPECT_EQ(result_of("sub", {x, y}, AddAttributes{.activation = Activation::ReluN1To1}),
            Tensor::vector<float>({-1, -0.5f, 1, 1}));
  const Tensor whole = Tensor::vector<int32_t>({-9, 0, 3, 9}), nothing = Tensor::vector<int32_t>({0, 0, 0, 0});
  EXPECT_EQ(result_of("add", {whole, nothing}, AddAttributes{.activation = Activation::Relu6}),
            Tensor::vector<int32_t>({0, 0, 3, 6}));
}

TEST(Elementwise, IntegersAreExact) {
  const Tensor x = Tensor::vector<int32_t>({7, -7, 7, -7, 2147483647}), y = Tensor::vector<int32_t>({2, 2, -2, -2, 1});
  EXPECT_EQ(result_of("add", {x, y}), Tensor::vector<int32_t>({9, -5, 5, -9, -2147483647 - 1}));  // wraps round
  EXPECT_EQ(result_of("div", {x, y}), Tensor::vector<int32_t>({3, -3, -3, 3, 2147483647}));
  EXPECT_EQ(result_of("floor_div", {x, y}), Tensor::vector<int32_t>({3, -4, -4, 3, 2147483647}));
  EXPECT_EQ(result_of("floor_mod", {x, y}), Tensor::vector<int32_t>({1, 1, -1, -1, 0}));
  EXPECT_EQ(result_of("pow", {Tensor::vector<int64_t>({3, -2}), Tensor::vector<int64_t>({5, 3})}),
            Tensor::vector<int64_t>({243, -8}));
}

TEST(Elementwise, ComparisonsAndLogic) {
  const Tensor x = Tensor::vector<float>({1, 2, 3}), y = Tensor::vector<float>({2, 2, 2});
  EXPECT_EQ(result_of("equal", {x, y}), Tensor::vector<bool>({false, true, false}));
  EXPECT_EQ(result_of("not_equal", {x, y}), Tensor::vector<bool>({true, false, true}));
  EXPECT_EQ(result_of("greater", {x, y}), Tensor::vector<bool>({false, false, true}));
  EXPECT_EQ(result_of("greater_equal", {x, y}), Tensor::vector<bool>({false, true, true}));
  EXPECT_EQ(result_of("less", {x, y}), Tensor::vector<bool>({true, false, false}));
  EXPECT_EQ(result_of("less_equal", {x, Tensor::scalar(2.f)}), Tensor::vector<bool>({true, true, false}));
  const Tensor a = Tensor::vector<bool>({false, false, true, true}),
               b = Tensor::vector<bool>({false, true, false, true});
  EXPECT_EQ(result_of("logical_and", {a, b}), Tensor::vector<bool>({false, false, false, true}));
  EXPECT_EQ(result_of("logical_or", {a, b}), Tensor::vector<bool>({false, true, true, true}));
  EXPECT_EQ(result_of("logical_not", {a}), Tensor::vector<bool>({true, true, false, false}));
}

TEST(Elementwise, Select) {
  const Tensor x = numbered({2, 3}), y = Tensor::of<int32_t>({2, 3}, {-1, -2, -3, -4, -5, -6});
  const Tensor rows = Tensor::vector<bool>({false, true}), columns = Tensor::vector<bool>({true, false, true});
  EXPECT_EQ(result_of("select", {rows, x, y}), Tensor::of<int32_t>({2, 3}, {-1, -2, -3, 4, 5, 6}));
  EXPECT_EQ(result_of("select_v2", {columns, x, y}), Tensor::of<int32_t>({2, 3}, {1, -2, 3, 4, -5, 6}));
  EXPECT_EQ(result_of("select_v2", {columns, x, Tensor::scalar<int32_t>(0)}),
            Tensor::of<int32_t>({2, 3}, {1, 0, 3, 4, 0, 6}));
  EXPECT_EQ(result_of("select", {Tensor::scalar(false), x, y}), y);
}

struct ReductionCase {
  std::string_view op;
  double start;
  double (*combine)(double, double);
};
const ReductionCase kReductions[] = {
    {"sum", 0, [](double a, double b) { return a + b; }},
    {"mean", 0, [](double a, double b) { return a + b; }},
    {"reduce_prod", 1, [](double a, double b) { return a * b; }},
    {"reduce_max", -1e30, [](double a, double b) { return std::max(a, b); }},
    {"reduce_min", 1e30, [](double a, double b) { return std::min(a, b); }},
};

TEST(Elementwise, ReductionsOfRandomAxes) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Random random(seed);
    for (const ReductionCase& each : kReductions) {
      const Shape shape = random_shape(random, 1 + random.below(4));
      const Tensor src = random_tensor(shape, random, -2, 2);
      Shape kept = shape;
      std::vector<int32_t> axes;
      for (int i = 0; i < shape.rank(); ++i)
        if (random.uniform(0, 1) < 0.5f) {
          axes.push_back(random.uniform(0, 1) < 0.5f ? i : i - shape.rank());
          kept[i] = 1;
        }
      const double count = static_cast<double>(shape.elements() / kept.elements());
      std::vector<double> sums(static_cast<size_t>(kept.elements()), each.start);
      for_each_index(shape, [&](const Index& at) {
        Index to = at;
        for (size_t d = 0; d < to.size(); ++d) to[d] = kept.dims()[d] == 1 ? 0 : to[d];
        double& sum = sums[offset_of(kept, to)];
        sum = each.combine(sum, broadcast_at<float>(src, at));
      });
      const Tensor expected = tensor_of<float>(kept, [&](const Index& at) {
        return static_cast<float>(sums[offset_of(kept, at)] / (each.op == "mean" ? count : 1));
      });
      expect_close(result_of(each.op, {src, Tensor::vector(axes)}, ReduceAttributes{.keep_dims = true}), expected,
                   fmt::format("{} seed {}", each.op, seed));
    }
  }
}

TEST(Elementwise, ReductionsDropTheirAxes) {
  EXPECT_EQ(result_of("sum", {numbered({2, 3}), Tensor::vector<int32_t>({-1})}), Tensor::vector<int32_t>({6, 15}));
  EXPECT_EQ(result_of("mean", {numbered({2, 3}), Tensor::vector<int32_t>({0, 1})}), Tensor::scalar<int32_t>(3));
  const Tensor truths = Tensor::of<bool>({2, 2}, {true, false, true, true});
  EXPECT_EQ(result_of("reduce_all", {truths, Tensor::vector<int32_t>({1})}), Tensor::vector<bool>({false, true}));
  EXPECT_EQ(result_of("reduce_any", {truths, Tensor::vector<int32_t>({0})}), Tensor::vector<bool>({true, true}));
}

TEST(Elementwise, PositionsAndRunningSums) {
  const Tensor src = Tensor::of<float>({2, 3}, {1, 5, 5, 7, 2, 2});
  EXPECT_EQ(result_of("arg_max", {src, Tensor::scalar<int32_t>(1)}), Tensor::vector<int32_t>({1, 0}));
  EXPECT_EQ(result_of("arg_min", {src, Tensor::scalar<int32_t>(-2)}, ArgMinMaxAttributes{.output_type = DType::Int64}),
            Tensor::vector<int64_t>({0, 1, 1}));
  const Tensor row = Tensor::vector<int32_t>({1, 2, 3});
  EXPECT_EQ(result_of("cumsum", {row, Tensor::scalar<int32_t>(0)}), Tensor::vector<int32_t>({1, 3, 6}));
  EXPECT_EQ(
      result_of("cumsum", {row, Tensor::scalar<int32_t>(0)}, CumsumAttributes{.exclusive = true, .reverse = true}),
      Tensor::vector<int32_t>({5, 3, 0}));
}

TEST(Elementwise, Refusals) {
  const Tensor two(DType::Float32, {2}), three(DType::Float32, {3}), whole(DType::Int32, {2});
  EXPECT_THAT(inferred_of("add", {two, three}), HasSubstr("the shapes [2] and [3] cannot be broadcast"));
  EXPECT_THAT(inferred_of("mul", {two, whole}), HasSubstr("operands are f32 and i32, one type was expected"));
  EXPECT_THAT(inferred_of("prelu", {two, Tensor(DType::Float32, {3, 2})}), HasSubstr("does not fit into [2]"));
  EXPECT_THAT(inferred_of("logical_and", {two, two}), HasSubstr("an operand is f32, bool was expected"));
  EXPECT_THAT(inferred_of("select", {two, two, two}), HasSubstr("'condition' is f32, bool was expected"));
  EXPECT_THAT(inferred_of("select", {Tensor(DType::Bool, {2}), two, three}), HasSubstr("equal shapes were expected"));
  EXPECT_THAT(inferred_of("select", {Tensor(DType::Bool, {3}), two, two}), HasSubstr("'condition' has the shape [3]"));
  EXPECT_THAT(inferred_of("select_v2", {Tensor(DType::Bool, {3}), two, two}),
              HasSubstr("'condition' [3] cannot be broadcast with [2]"));
  EXPECT_THAT(inferred_of("mean", {two, Tensor::vector<int32_t>({1})}),
              HasSubstr("axis 1 is outside a tensor of 1 dimensions"));
  EXPECT_THAT(inferred_of("sum", {two, two}), HasSubstr("'axes' is f32, i32 or i64 was expected"));
  EXPECT_THAT(inferred_of("reduce_any", {two, Tensor::vector<int32_t>({0})}),
              HasSubstr("'src' is f32, bool was expected"));
  EXPECT_THAT(inferred_of("arg_max", {two, Tensor::vector<int32_t>({0, 0})}),
              HasSubstr("'axis' has 2 elements, one was expected"));
  EXPECT_THAT(
      inferred_of("arg_max", {two, Tensor::scalar<int32_t>(0)}, ArgMinMaxAttributes{.output_type = DType::Bool}),
      HasSubstr("output_type is bool"));
  EXPECT_THAT(inferred_of("cumsum", {two, Tensor::scalar<int32_t>(3)}), HasSubstr("axis 3 is outside"));
}

TEST(Elementwise, AxesMustBeConstant) {
  Graph graph;
  Value* src = graph.add_input("src", {DType::Float32, Shape{kDynamic, 2}, {}});
  Value* axes = graph.add_input("axes", {DType::Int32, Shape{1}, {}});
  const auto node = graph.append(*find_op("sum"), ReduceAttributes{}, {src, axes}, {"sum"});
  ASSERT_FALSE(node);
  EXPECT_EQ(node.error().code, ErrorCode::Unsupported);
  EXPECT_THAT(node.error().to_string(), HasSubstr("'axes' is computed at run time, a constant was expected"));
}

}  // namespace
}  // namespace pare
