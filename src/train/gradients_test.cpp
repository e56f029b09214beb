// The gradient rule of every operator against differences of its results, on random shapes.
#include <gmock/gmock.h>

#include <map>
#include <set>

#include "ops/batch_matmul.h"
#include "ops/batch_normalization_training.h"
#include "ops/conv_2d.h"
#include "ops/gather.h"
#include "ops/gradient.h"
#include "ops/join_split.h"
#include "ops/pad.h"
#include "ops/pool_2d.h"
#include "ops/reductions.h"
#include "ops/resize.h"
#include "ops/slice.h"
#include "ops/soft_cluster_weights.h"
#include "ops/softmax.h"
#include "ops/space_depth.h"
#include "ops/transpose_conv.h"
#include "testing/numeric_gradient.h"
#include "testing/operators.h"

namespace pare {
namespace {

using testing::GradientCase;
using testing::pick;
using testing::random_shape;
using testing::random_tensor;

// Builds a case: operands that are varied, and others.
class CaseBuilder {
 public:
  explicit CaseBuilder(Random& random) : random(random) {}

  Value* input(Tensor tensor) {
    inputs_.push_back(tensor);
    return build_.input("x", tensor.shape(), tensor.dtype());
  }
  Value* input(const Shape& shape, float low = -1, float high = 1) {
    return input(random_tensor(shape, random, low, high));
  }
  // Values that are far from each other and from 0: steps of a difference change no order and no sign.
  Value* spread_input(const Shape& shape) {
    Tensor tensor(DType::Float32, shape);
    const auto values = tensor.mutable_values<float>();
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = 0.1f * (static_cast<float>(i / 2) + 0.5f) * (i % 2 == 0 ? 1.f : -1.f);
    for (size_t i = values.size(); i > 1; --i)
      std::swap(values[i - 1], values[static_cast<size_t>(random.below(static_cast<int64_t>(i)))]);
    return input(std::move(tensor));
  }
  Value* constant(const std::vector<int32_t>& values) { return build_.constant("c", Tensor::vector(values)); }
  Value* constant(Tensor tensor) { return build_.constant("c", std::move(tensor)); }
  std::vector<Value*> ops(std::string_view name, std::vector<Value*> operands,
                          std::optional<Attributes> attributes = {}, size_t results = 1) {
    return build_.ops(name, std::move(operands), std::move(attributes), std::vector<std::string>(results, "y"));
  }
  GradientCase finish(std::vector<Value*> outputs) { return {build_.finish(std::move(outputs)), inputs_}; }

  Random& random;

 private:
  GraphBuilder build_;
  std::vector<Tensor> inputs_;
};

using Make = GradientCase (*)(std::string_view op, Random& random);

GradientCase unary(std::string_view op, Random& random) {
  CaseBuilder c(random);
  return c.finish(c.ops(op, {c.spread_input(random_shape(random, 2))}));
}
GradientCase unary_positive(std::string_view op, Random& random) {
  CaseBuilder c(random);
  return c.finish(c.ops(op, {c.input(random_shape(random, 3), 0.5f, 2)}));
}
GradientCase binary(std::string_view op, Random& random) {
  CaseBuilder c(random);
  const Shape shape = random_shape(random, 3);
  Shape other = shape;
  if (random.below(2) == 0) other[static_cast<int>(random.below(3))] = 1;
  if (random.below(3) == 0) other = Shape{shape[2]};
  return c.finish(c.ops(op, {c.input(shape, 0.5f, 2), c.input(other, 0.5f, 2)}));
}
// Neither operand is close to the other.
GradientCase choice(std::string_view op, Random& random) {
  CaseBuilder c(random);
  Value* x = c.spread_input({3, 4});
  Tensor y({DType::Float32, {4}});
  for (float& value : y.mutable_values<float>()) value = 0.02f;
  return c.finish(c.ops(op, {x, c.input(y)}));
}
GradientCase prelu(std::string_view op, Random& random) {
  CaseBuilder c(random);
  return c.finish(c.ops(op, {c.spread_input({2, 3, 4}), c.input(Shape{4})}));
}
GradientCase select(std::string_view op, Random& random) {
  CaseBuilder c(random);
  Tensor condition(DType::Bool, {3, 4});
  for (std::byte& each : condition.mutable_bytes()) each = static_cast<std::byte>(random.below(2));
  return c.finish(c.ops(op, {c.constant(condition), c.input({3, 4}), c.input(Shape{4})}));
}
GradientCase with_indices(std::string_view op, Random& random, Shape shape, std::vector<int32_t> indices,
                          std::optional<Attributes> attributes = {}) {
  CaseBuilder c(random);
  return c.finish(c.ops(op, {c.spread_input(shape), c.constant(indices)}, std::move(attributes)));
}
GradientCase reduction(std::string_view op, Random& random) {
  const bool keep = random.below(2) == 0;
  return with_indices(op, random, {2, 3, 4}, random.below(2) == 0 ? std::vector<int32_t>{1, -1} : std::vector{0},
                      ReduceAttributes{.keep_dims = keep});
}
GradientCase rows(std::string_view op, Random& random) {
  CaseBuilder c(random);
  return c.finish(c.ops(op, {c.input(random_shape(random, 2))}));
}
GradientCase convolution(std::string_view op, Random& random) {
  CaseBuilder c(random);
  const bool depthwise = op == "depthwise_conv_2d";
  const int64_t groups = depthwise ? 1 : 1 + random.below(2), per_group = 1 + random.below(3);
  const int64_t channels = groups * per_group, window = 1 + random.below(3);
  const int64_t outputs = (depthwise ? channels : groups) * (1 + random.below(3));
  const Conv2dAttributes attributes{.padding = pick(random, std::vector{Padding::Same, Padding::Valid}),
                                    .stride_h = 1 + random.below(2),
                                    .stride_w = 1 + random.below(2),
                                    .dilation_h = 1 + random.below(2),
                                    .dilation_w = 1};
  const Shape weights = depthwise ? Shape{1, window, window, outputs} : Shape{outputs, window, window, per_group};
  return c.finish(c.ops(op, {c.input({2, 7, 6, channels}), c.input(weights), c.input(Shape{outputs})}, attributes));
}
GradientCase transpose_conv(std::string_view op, Random& random) {
  CaseBuilder c(random);
  const int64_t stride = 1 + random.below(2);
  const TransposeConvAttributes attributes{.padding = Padding::Same, .stride_h = stride, .stride_w = stride};
  return c.finish(c.ops(op,
                        {c.constant({2, static_cast<int32_t>(4 * stride), static_cast<int32_t>(5 * stride), 3}),
                         c.input({3, 3, 2, 4}), c.input({2, 4, 5, 4}), c.input(Shape{3})},
                        attributes));
}
GradientCase fully_connected(std::string_view op, Random& random) {
  CaseBuilder c(random);
  return c.finish(c.ops(op, {c.input({2, 3, 4}), c.input({5, 12}), c.input(Shape{5})}));
}
GradientCase batch_matmul(std::string_view op, Random& random) {
  CaseBuilder c(random);
  const bool adj_x = random.below(2) == 0, adj_y = random.below(2) == 0;
  const Shape x = adj_x ? Shape{2, 4, 3} : Shape{2, 3, 4}, y = adj_y ? Shape{5, 4} : Shape{4, 5};
  return c.finish(c.ops(op, {c.input(x), c.input(y)}, BatchMatmulAttributes{.adj_x = adj_x, .adj_y = adj_y}));
}
GradientCase pooling(std::string_view op, Random& random) {
  CaseBuilder c(random);
  const Pool2dAttributes attributes{.padding = pick(random, std::vector{Padding::Same, Padding::Valid}),
                                    .window_h = 2,
                                    .window_w = 1 + random.below(3),
                                    .stride_h = 1 + random.below(2),
                                    .stride_w = 1 + random.below(3)};
  return c.finish(c.ops(op, {c.spread_input({2, 5, 4, 3})}, attributes));
}
GradientCase batch_normalization(std::string_view op, Random& random) {
  CaseBuilder c(random);
  Value* mean = c.constant(random_tensor({3}, random));
  Value* variance = c.constant(random_tensor({3}, random, 0.5f, 2));
  return c.finish(c.ops(op, {c.input({2, 4, 3}), c.input(Shape{3}), c.input(Shape{3}), mean, variance}));
}
GradientCase batch_normalization_training(std::string_view op, Random& random) {
  CaseBuilder c(random);
  const int64_t channels = 1 + random.below(20);
  const bool fixed = random.below(2) == 1;
  std::vector<Value*> operands{c.input({4, 5, channels}), c.input(Shape{channels}), c.input(Shape{channels})};
  if (fixed)
    operands.insert(operands.end(), {c.constant(random_tensor({channels}, random)),
                                     c.constant(random_tensor({channels}, random, 0.5f, 2))});
  Value* y = c.ops(op, operands, BatchNormalizationTrainingAttributes{.epsilon = 0.1f, .fixed = fixed}, 3)[0];
  return c.finish({y});
}
GradientCase cross_entropy(std::string_view op, Random& random) {
  CaseBuilder c(random);
  return c.finish({c.ops(op, {c.input({4, 5}), c.constant(random_tensor({4, 5}, random, 0, 1))}, {}, 2)[0]});
}
GradientCase joined(std::string_view op, Random& random) {
  CaseBuilder c(random);
  if (op == "pack")
    return c.finish(c.ops(op, {c.input({2, 3}), c.input({2, 3})}, PackAttributes{.values_count = 2, .axis = 1}));
  return c.finish(c.ops(op, {c.input({2, 3}), c.input({2, 4})}, ConcatenationAttributes{.axis = -1}));
}
GradientCase parted(std::string_view op, Random& random) {
  CaseBuilder c(random);
  std::vector<Value*> parts;
  if (op == "unpack") parts = c.ops(op, {c.input({2, 3})}, UnpackAttributes{.num = 3, .axis = 1}, 3);
  if (op == "split") parts = c.ops(op, {c.constant({1}), c.input({2, 6})}, SplitAttributes{3}, 3);
  if (op == "split_v")
    parts = c.ops(op, {c.input({2, 6}), c.constant({1, 2, 3}), c.constant({1})}, SplitAttributes{3}, 3);
  parts.pop_back();  // the loss does not depend on one
  return c.finish(parts);
}
GradientCase sliced(std::string_view op, Random& random) {
  CaseBuilder c(random);
  if (op == "slice") return c.finish(c.ops(op, {c.input({4, 5}), c.constant({1, 2}), c.constant({2, -1})}));
  return c.finish(c.ops(op, {c.input({4, 5}), c.constant({1, 2}), c.constant({3, 3}), c.constant({1, 1})},
                        StridedSliceAttributes{.shrink_axis_mask = 2}));
}
GradientCase resized(std::string_view op, Random& random) {
  CaseBuilder c(random);
  const int64_t form = random.below(3);
  const ResizeAttributes attributes{.align_corners = form == 1, .half_pixel_centers = form == 2};
  const std::vector<int32_t> size{static_cast<int32_t>(1 + random.below(7)), static_cast<int32_t>(1 + random.below(7))};
  return c.finish(c.ops(op, {c.input({2, 3, 4, 2}), c.constant(size)}, attributes));
}
GradientCase mirrored(std::string_view op, Random& random) {
  CaseBuilder c(random);
  const MirrorPadMode mode = pick(random, std::vector{MirrorPadMode::Reflect, MirrorPadMode::Symmetric});
  Tensor paddings(DType::Int32, {2, 2});
  for (int32_t& each : paddings.mutable_values<int32_t>()) each = static_cast<int32_t>(random.below(3));
  return c.finish(c.ops(op, {c.input({3, 4}), c.constant(paddings)}, MirrorPadAttributes{mode}));
}
GradientCase padded(std::string_view op, Random& random) {
  CaseBuilder c(random);
  Tensor paddings(DType::Int32, {2, 2});
  for (int32_t& each : paddings.mutable_values<int32_t>()) each = static_cast<int32_t>(random.below(3));
  std::vector<Value*> operands{c.input({2, 3}), c.constant(paddings)};
  if (op == "padv2") operands.push_back(c.constant(Tensor::scalar(2.f)));
  return c.finish(c.ops(op, operands));
}
GradientCase rearranged(std::string_view op, Random& random) {
  CaseBuilder c(random);
  return c.finish(c.ops(op, {c.input({2, 4, 4, 4})}, BlockAttributes{2}));
}
GradientCase blocks(std::string_view op, Random& random) {
  CaseBuilder c(random);
  Tensor pairs(DType::Int32, {1, 2});
  const Shape shape = op == "space_to_batch_nd" ? Shape{2, 4, 3} : Shape{4, 3, 3};
  return c.finish(c.ops(op, {c.input(shape), c.constant({2}), c.constant(pairs)}));
}
GradientCase looked_up(std::string_view op, Random& random) {
  CaseBuilder c(random);
  Tensor indices(DType::Int32, op == "gather_nd" ? Shape{3, 1} : Shape{3});
  indices.mutable_values<int32_t>()[0] = 2;
  indices.mutable_values<int32_t>()[2] = 2;
  Value *table = c.input({4, 5}), *at = c.constant(indices);
  return c.finish(c.ops(op, op == "embedding_lookup" ? std::vector{at, table} : std::vector{table, at}));
}
// Distances have no derivative at 0: centroids begin and stay so far from all values that no step of a difference passes one.
GradientCase soft_clusters(std::string_view op, Random& random) {
  CaseBuilder c(random);
  const bool by_channel = random.below(2) == 1, scaled = random.below(2) == 1;
  const std::vector<float> values{-1.2f, -0.6f, -0.45f, -0.2f, 0.2f, 0.45f, 0.6f, 1.2f}, scales{0.7f, -2, 1};
  std::vector<float> weights, centroids;
  for (const float scale : scales) {
    for (const float value : values) weights.push_back((value + random.uniform(-0.02f, 0.02f)) * (scaled ? scale : 1));
    if (by_channel || centroids.empty()) centroids.insert(centroids.end(), {-0.9f, 0.03f, 0.95f});
  }
  Tensor codes(DType::Int32, {3, 8});
  codes.mutable_values<int32_t>()[4] = -1;
  return c.finish(
      {c.ops(op,
             {c.input(Tensor::of<float>({3, 8}, weights)), c.constant(Tensor::vector(centroids)), c.constant(codes),
              c.constant(Tensor::vector<float>({0.2f})), scaled ? c.constant(Tensor::vector(scales)) : nullptr},
             SoftClusterWeightsAttributes{.iterations = 2, .by_channel = by_channel}, 4)[0]});
}

// Every operator with a rule.
const std::map<std::string_view, Make> kCases = {
    {"abs", unary},
    {"add", binary},
    {"average_pool_2d", pooling},
    {"batch_matmul", batch_matmul},
    {"batch_normalization", batch_normalization},
    {"batch_normalization_training", batch_normalization_training},
    {"batch_to_space_nd", blocks},
    {"broadcast_to",
     [](auto op, auto& random) {
       return with_indices(op, random, {3, 1}, {2, 3, 4});
     }},
    {"cast",
     [](auto op, Random& random) {
       CaseBuilder c(random);
       return c.finish(c.ops(op, {c.input({2, 3})}, find_op("cast")->attributes));
     }},
    {"concatenation", joined},
    {"conv_2d", convolution},
    {"cos", unary},
    {"cumsum",
     [](auto op, auto& random) {
       return with_indices(op, random, {3, 4}, {1});
     }},
    {"depth_to_space", rearranged},
    {"depthwise_conv_2d", convolution},
    {"div", binary},
    {"elu", unary},
    {"embedding_lookup", looked_up},
    {"erf", unary},
    {"exp", rows},
    {"expand_dims",
     [](auto op, auto& random) {
       return with_indices(op, random, {3, 4}, {1});
     }},
    {"fully_connected", fully_connected},
    {"gather", looked_up},
    {"gather_nd", looked_up},
    {"gelu", unary},
    {"hard_sigmoid", rows},
    {"hard_swish", unary},
    {"l2_normalization", rows},
    {"leaky_relu", unary},
    {"log", unary_positive},
    {"log_softmax", rows},
    {"logistic", unary},
    {"mask_weights",
     [](auto op, Random& random) {
       CaseBuilder c(random);
       return c.finish(c.ops(op, {c.input({2, 3}), c.constant(Tensor::of<float>({2, 3}, {1, 0, 0, 1, 1, 0}))}));
     }},
    {"max_pool_2d", pooling},
    {"maximum", choice},
    {"mean", reduction},
    {"minimum", choice},
    {"mish", unary},
    {"mul", binary},
    {"neg", unary},
    {"pack", joined},
    {"mirror_pad", mirrored},
    {"pad", padded},
    {"padv2", padded},
    {"pow", binary},
    {"prelu", prelu},
    {"reduce_max", reduction},
    {"reduce_min", reduction},
    {"relu", unary},
    {"relu6", unary},
    {"relu_0_to_1", unary},
    {"relu_n1_to_1", unary},
    {"reshape",
     [](auto op, auto& random) {
       return with_indices(op, random, {3, 4}, {2, 6});
     }},
    {"resize_bilinear", resized},
    {"resize_nearest_neighbor", resized},
    {"reverse_v2",
     [](auto op, auto& random) {
       return with_indices(op, random, {3, 4}, {0});
     }},
    {"rsqrt", unary_positive},
    {"select_v2", select},
    {"selu", unary},
    {"sin", unary},
    {"slice", sliced},
    {"soft_cluster_weights", soft_clusters},
    {"softmax", rows},
    {"softmax_cross_entropy", cross_entropy},
    {"softplus", unary},
    {"softsign", unary},
    {"space_to_batch_nd", blocks},
    {"space_to_depth", rearranged},
    {"split", parted},
    {"split_v", parted},
    {"sqrt", unary_positive},
    {"square", unary},
    {"squared_difference", binary},
    {"squeeze",
     [](auto op, Random& random) {
       CaseBuilder c(random);
       return c.finish(c.ops(op, {c.input({3, 1, 4})}));
     }},
    {"strided_slice", sliced},
    {"sub", binary},
    {"sum", reduction},
    {"swish", unary},
    {"tanh", unary},
    {"tile",
     [](auto op, auto& random) {
       return with_indices(op, random, {3, 4}, {2, 3});
     }},
    {"transpose",
     [](auto op, auto& random) {
       return with_indices(op, random, {2, 3, 4}, {2, 0, 1});
     }},
    {"transpose_conv", transpose_conv},
    {"unpack", parted},
};

// Gradients that are no derivatives, so that differences say nothing of them; their own tests do.
const std::set<std::string_view> kStraightThrough{"cluster_weights", "fake_quantize"};

class EveryGradient : public ::testing::TestWithParam<const OpDef*> {};

TEST_P(EveryGradient, IsThatOfTheNumbers) {
  const std::string_view op = GetParam()->name;
  const GradientEntry entry = gradient_of(op);
  const auto found = kCases.find(op);
  if (entry.rule == nullptr) {
    EXPECT_FALSE(entry.reason.empty()) << "neither a rule nor a reason in ops/all_gradients.inc";
    EXPECT_EQ(found, kCases.end()) << "a case without a rule";
    return;
  }
  if (kStraightThrough.contains(op)) return;
  ASSERT_NE(found, kCases.end()) << "a rule without a case";
  for (uint64_t seed = 1; seed <= 6; ++seed)
    for (const Engine engine : {Engine::Reference, Engine::Fast}) {
      Random random(seed);
      EXPECT_LT(testing::gradient_error(found->second(op, random), engine, random), 1e-3)
          << "seed " << seed << ", engine " << to_string(engine);
    }
}

INSTANTIATE_TEST_SUITE_P(Ops, EveryGradient, ::testing::ValuesIn(all_ops().begin(), all_ops().end()),
                         [](const auto& info) { return std::string(info.param->name); });

}  // namespace
}  // namespace pare
