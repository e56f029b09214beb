#include "quant/make_plan.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "ir/builder.h"
#include "ops/conv_2d.h"
#include "ops/pool_2d.h"
#include "quant/roles.h"
#include "quant/choose_precision.h"
#include "testing/graphs.h"

namespace pare {
namespace {

using ::testing::HasSubstr;
using testing::random_tensor;
using testing::small_classifier;

// Statistics as if every float value had been seen between -1 - i and 2 + i, i its number.
StatisticsMap made_up_statistics(const Graph& graph) {
  StatisticsMap all;
  float i = 0;
  for (const auto& value : graph.values()) {
    if (value->is_constant() || value->type.dtype != DType::Float32) continue;
    all[value->name].add(std::vector<float>{-1 - i, 0, 2 + i}, 1, 1, false);
    ++i;
  }
  return all;
}

QuantConfig config_of(QuantMode mode) {
  QuantConfig config;
  config.mode = mode;
  config.range.method = RangeMethod::MinMax;
  return config;
}

QuantPlan plan_of(const Graph& graph, const QuantConfig& config) {
  auto plan = make_plan(graph, made_up_statistics(graph), config);
  EXPECT_TRUE(plan) << (plan ? "" : plan.error().to_string());
  return std::move(*plan);
}

TEST(MakePlan, Int8OfAClassifier) {
  const Graph graph = small_classifier();
  const QuantPlan plan = plan_of(graph, config_of(QuantMode::Int8));
  for (const auto& node : graph.nodes()) EXPECT_EQ(plan.of(*node).precision, Precision::Integer) << describe(*node);
  EXPECT_EQ(plan.values.at("conv"), plan.values.at("pool"));
  EXPECT_EQ(plan.values.at("y"), (Storage{DType::Int8, Quantization::per_tensor(1.f / 256, -128)}));
  EXPECT_EQ(plan.values.at("w").quantization->scales.size(), 4u);
  const Storage& bias = plan.values.at("b");
  EXPECT_EQ(bias.dtype, DType::Int32);
  for (size_t c = 0; c < 4; ++c)
    EXPECT_FLOAT_EQ(bias.quantization->scales[c],
                    plan.values.at("x").quantization->scale() * plan.values.at("w").quantization->scales[c]);
}

TEST(MakePlan, PerTensorWeights) {
  QuantConfig config = config_of(QuantMode::Int8);
  config.per_tensor = true;
  const QuantPlan plan = plan_of(small_classifier(), config);
  EXPECT_TRUE(plan.values.at("w").quantization->is_per_tensor());
  EXPECT_TRUE(plan.values.at("b").quantization->is_per_tensor());
}

// Of 6 significant bits each, the products for the biases of 12.
TEST(MakePlan, RoundedScales) {
  QuantConfig config = config_of(QuantMode::Int8);
  const QuantPlan full = plan_of(small_classifier(), config);
  config.scale_bits = 6;
  const QuantPlan plan = plan_of(small_classifier(), config);
  const auto bits_beyond = [](float scale, int bits) {
    int exponent = 0;
    const float mantissa = std::ldexp(std::frexp(scale, &exponent), bits);
    return mantissa - std::floor(mantissa);
  };
  for (const auto& [name, storage] : plan.values) {
    const bool is_bias = storage.dtype == DType::Int32;
    for (size_t c = 0; c < storage.quantization->scales.size(); ++c) {
      const float scale = storage.quantization->scales[c], was = full.values.at(name).quantization->scales[c];
      EXPECT_EQ(bits_beyond(scale, is_bias ? 12 : 6), 0) << name;
      EXPECT_NEAR(scale / was, 1, is_bias ? 0.032 : 0.016) << name;
    }
  }
  EXPECT_NE(plan.values.at("w"), full.values.at("w"));
}

// Integers that training found stay, although their scale becomes another.
TEST(MakePlan, RoundedScalesKeepKnownCodes) {
  Graph graph = small_classifier();
  const Node& conv = *graph.uses(graph.find_value("w")).front().node;
  Tensor& weights = *graph.find_value("w")->data;
  QuantConfig config = config_of(QuantMode::Int8);
  const Quantization trained = *plan_of(graph, config).values.at("w").quantization;
  const Tensor codes = quantize_tensor(weights, trained, DType::Int8);
  weights = dequantize_tensor(codes, trained);
  const KnownParameters known{.weights = {{key_of(conv), {std::vector<float>(4, 127)}}}};
  config.scale_bits = 4;
  round_known_scales(graph, config, known);
  const auto plan = make_plan(graph, made_up_statistics(graph), config, known);
  ASSERT_TRUE(plan) << plan.error().to_string();
  const Quantization& rounded = *plan->values.at("w").quantization;
  EXPECT_NE(rounded, trained);
  EXPECT_EQ(quantize_tensor(weights, rounded, DType::Int8), codes);
}

TEST(MakePlan, ScaleBitsBeyondThoseThereAre) {
  QuantConfig config = config_of(QuantMode::Int8);
  for (const int bits : {2, 25}) {
    config.scale_bits = bits;
    const auto plan = make_plan(small_classifier(), {}, config);
    ASSERT_FALSE(plan);
    EXPECT_THAT(plan.error().to_string(), HasSubstr("3 to 24 were expected"));
  }
}

TEST(MakePlan, Int16HasSymmetricActivationsAnd64BitBiases) {
  const QuantPlan plan = plan_of(small_classifier(), config_of(QuantMode::Int16x8));
  EXPECT_EQ(plan.values.at("x").dtype, DType::Int16);
  EXPECT_EQ(plan.values.at("x").quantization->zero_point(), 0);
  EXPECT_EQ(plan.values.at("b").dtype, DType::Int64);
  EXPECT_EQ(plan.values.at("w").dtype, DType::Int8);
  EXPECT_EQ(plan.values.at("y").quantization->scale(), 1.f / 32768);
}

TEST(MakePlan, DynamicLeavesSmallWeightsFloat) {
  const Graph graph = small_classifier();
  const QuantPlan plan = plan_of(graph, config_of(QuantMode::Dynamic));
  EXPECT_FALSE(plan.values.contains("w"));  // 108 elements
  EXPECT_EQ(plan.values.at("dense_w").dtype, DType::Int8);
  EXPECT_EQ(plan.nodes.at("dense").precision, Precision::Hybrid);
  EXPECT_EQ(plan.nodes.at("conv").precision, Precision::Float);
  EXPECT_THAT(plan.nodes.at("conv").reason, HasSubstr("108 weights are fewer than 1024"));
}

TEST(MakePlan, WeightOnlyAndHalfPrecision) {
  const Graph graph = small_classifier();
  EXPECT_EQ(plan_of(graph, config_of(QuantMode::WeightOnly)).nodes.at("dense").precision, Precision::WeightOnly);
  const QuantPlan half = plan_of(graph, config_of(QuantMode::Fp16));
  EXPECT_EQ(half.values.at("w").dtype, DType::Float16);
  EXPECT_EQ(half.values.at("b").dtype, DType::Float16);
  EXPECT_EQ(half.nodes.at("pool").precision, Precision::Float);
}

TEST(MakePlan, ExcludedAndIncludedNames) {
  QuantConfig config = config_of(QuantMode::Int8);
  config.exclude = {"den*"};
  EXPECT_THAT(plan_of(small_classifier(), config).nodes.at("dense").reason, HasSubstr("excluded by 'den*'"));
  config.exclude.clear();
  config.include = {"conv"};
  const QuantPlan plan = plan_of(small_classifier(), config);
  EXPECT_EQ(plan.nodes.at("conv").precision, Precision::Integer);
  EXPECT_THAT(plan.nodes.at("dense").reason, HasSubstr("not among the included names"));
}

TEST(MakePlan, PatternsThatMatchNothingAreFound) {
  const QuantConfig config{.layers = {{"x", 0, 4}, {"pools", 4, 0}},
                           .fixed = {{"w", {0, 1}}, {"v", {0, 1}}},
                           .include = {"con?", "head/*"},
                           .exclude = {"den*", "Dense"}};
  EXPECT_THAT(unmatched_patterns(small_classifier(), config), ::testing::ElementsAre("head/*", "Dense", "pools", "v"));
}

TEST(MakePlan, Int8OnlyListsWhatBlocks) {
  Random random(1);
  GraphBuilder build;
  Value* x = build.input("x", {kDynamic, 4});
  Value* normal = build.op("layer_normalization", {x, nullptr, nullptr}, {}, "norm");
  Value* dense =
      build.op("fully_connected", {normal, build.constant("w", random_tensor({4, 4}, random)), nullptr}, {}, "dense");
  const Graph graph = build.finish({build.op("layer_normalization", {dense, nullptr, nullptr}, {}, "norm2")});
  const auto plan = make_plan(graph, made_up_statistics(graph), config_of(QuantMode::Int8Only));
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, ErrorCode::Unsupported);
  EXPECT_THAT(plan.error().message, HasSubstr("layer_normalization 'norm' ("));
  EXPECT_THAT(plan.error().message, HasSubstr("layer_normalization 'norm2' ("));
  EXPECT_THAT(plan.error().message, HasSubstr("use a mode with float fallback"));
}

TEST(MakePlan, WeightsComputedWhileRunningStayFloat) {
  GraphBuilder build;
  Value* x = build.input("x", {1, 4});
  Value* w = build.input("w", {3, 4});
  const Graph graph = build.finish({build.op("fully_connected", {x, w, nullptr}, {}, "dense")});
  EXPECT_THAT(plan_of(graph, config_of(QuantMode::Int8)).nodes.at("dense").reason,
              HasSubstr("its weights are computed while running"));
}

TEST(MakePlan, RefusesWhatItCannotWorkOn) {
  const Graph graph = small_classifier();
  const StatisticsMap statistics = made_up_statistics(graph);
  QuantConfig config = config_of(QuantMode::Int8);
  config.io = DType::Int16;
  EXPECT_THAT(make_plan(graph, statistics, config).error().message,
              HasSubstr("inputs and outputs of type i16 do not go with the mode int8; f32, i8 or u8 were expected"));
  config = config_of(QuantMode::Dynamic);
  config.io = DType::Int8;
  EXPECT_THAT(make_plan(graph, statistics, config).error().message, HasSubstr("f32 was expected"));
  config = config_of(QuantMode::Int16x8);
  config.io = DType::Int8;
  EXPECT_THAT(make_plan(graph, statistics, config).error().message, HasSubstr("f32 or i16 were expected"));
  config = config_of(QuantMode::Int8);
  config.range.percentile = 0;
  EXPECT_EQ(make_plan(graph, statistics, config).error().code, ErrorCode::Usage);
  EXPECT_THAT(make_plan(graph, {}, config_of(QuantMode::Int8)).error().message,
              HasSubstr("calibration saw nothing of tensor 'x'"));
}

TEST(MakePlan, NamesWeightsThatAreNotFinite) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    Graph graph = small_classifier();
    graph.find_value("w")->data->mutable_values<float>()[5] = bad;
    const auto plan = make_plan(graph, made_up_statistics(graph), config_of(QuantMode::Int8));
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().code, ErrorCode::BadInput);
    EXPECT_THAT(plan.error().message, HasSubstr("tensor 'w' holds"));
  }
}

TEST(MakePlan, RefusesAQuantisedModel) {
  GraphBuilder build;
  Value* x = build.input("x", {1, 4}, DType::Int8, Quantization::per_tensor(0.5f, 3));
  const Graph graph = build.finish({build.op("dequantize", {x}, {}, "y")});
  EXPECT_THAT(make_plan(graph, {}, config_of(QuantMode::Dynamic)).error().message,
              HasSubstr("tensor 'x' is quantised already"));
}

TEST(MakePlan, ALargeBiasRaisesTheScaleOfItsChannelAlone) {
  Graph graph = small_classifier();
  auto weights = graph.find_value("w")->data->mutable_values<float>();
  for (size_t i = 27; i < 54; ++i) weights[i] = 1e-9f;  // channel 1
  const QuantPlan plan = plan_of(graph, config_of(QuantMode::Int8));
  const Quantization& w = *plan.values.at("w").quantization;
  const Quantization& b = *plan.values.at("b").quantization;
  const auto bias = graph.find_value("b")->data->values<float>();
  for (size_t c = 0; c < 4; ++c) EXPECT_LE(std::fabs(bias[c]) / b.scales[c], std::numeric_limits<int32_t>::max() / 2);
  EXPECT_GT(w.scales[1], weight_scale(1e-9f));
  EXPECT_EQ(w.scales[0], weight_scale(channel_magnitudes(*graph.find_value("w")->data, 0)[0]));
}

// Random networks of convolutions, pools, concatenation-like sharing and products.
Graph random_graph(uint64_t seed) {
  Random random(seed);
  GraphBuilder build;
  std::vector<Value*> values{build.input("x", {kDynamic, 6, 6, 4})};
  for (int i = 0; i < 12; ++i) {
    Value* src = values[static_cast<size_t>(random.below(static_cast<int64_t>(values.size())))];
    const std::string name = "n" + std::to_string(i);
    switch (random.below(4)) {
      case 0:
        values.push_back(build.op("conv_2d",
                                  {src, build.constant("w" + name, random_tensor({4, 3, 3, 4}, random)),
                                   build.constant("b" + name, random_tensor({4}, random))},
                                  {}, name));
        break;
      case 1: values.push_back(build.op("max_pool_2d", {src}, {}, name)); break;
      case 2: values.push_back(build.op("softmax", {src}, {}, name)); break;
      default: values.push_back(build.op("layer_normalization", {src, nullptr, nullptr}, {}, name)); break;
    }
  }
  return build.finish({values.back(), values[values.size() - 2]});
}

TEST(MakePlan, RandomGraphsHoldTheRules) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    const Graph graph = random_graph(seed);
    for (const QuantMode mode : {QuantMode::Int8, QuantMode::Int16x8}) {
      const QuantPlan plan = plan_of(graph, config_of(mode));
      for (const auto& value : graph.values()) {
        const Storage* storage = plan.of(*value);
        if (storage == nullptr) continue;
        EXPECT_TRUE(verify(TensorType{storage->dtype, value->type.shape, storage->quantization}))
            << "seed " << seed << " " << value->name;
      }
      for (const auto& node : graph.nodes()) {
        if (plan.of(*node).precision != Precision::Integer) continue;
        const NodeRoles roles = roles_of(*node);
        for (const size_t i : roles.activations) ASSERT_NE(plan.of(*node->operand(i)), nullptr);
        if (!shares_scales(node->op().quantization, activation_type(mode))) continue;
        for (const size_t i : roles.activations) {
          const auto other = plan.requantized.find({key_of(*node), i});
          const Storage& read = other != plan.requantized.end() ? other->second : *plan.of(*node->operand(i));
          EXPECT_EQ(read, *plan.of(*node->result())) << "seed " << seed << " " << describe(*node);
        }
      }
    }
  }
}

TEST(MakePlan, LayersHaveBitsOfTheirOwn) {
  const Graph graph = small_classifier();
  QuantConfig config = config_of(QuantMode::Int8);
  config.weight_bits = 4;
  config.activation_bits = 4;
  config.layers = {*parse_layer_bits("*=a6"), *parse_layer_bits("y*=w8a8")};
  const QuantPlan plan = plan_of(graph, config);
  const Storage &conv = plan.values.at("w"), &src = plan.values.at("x");
  EXPECT_EQ(conv.dtype, DType::Int4);
  EXPECT_EQ(conv.bits, 4);
  EXPECT_EQ(src.bits, 6);
  EXPECT_EQ(plan.of(*graph.outputs[0])->bits, 8) << "the range of a softmax is fixed";
}

TEST(MakePlan, FewBitsAreForWhatWeightsMultiplyUnlessALayerAsks) {
  const Graph graph = small_classifier();
  QuantConfig config = config_of(QuantMode::Int8);
  config.activation_bits = 4;
  EXPECT_EQ(plan_of(graph, config).values.at("dense").bits, 8);
  config.layers = {*parse_layer_bits("dense=a4")};
  EXPECT_EQ(plan_of(graph, config).values.at("dense").bits, 4);
}

TEST(MakePlan, MeansKeepTheirBits) {
  GraphBuilder build;
  Value* x = build.input("x", {kDynamic, 4});
  Value* first =
      build.op("fully_connected", {x, build.constant("w", Tensor(DType::Float32, {8, 4})), nullptr}, {}, "first");
  Value* image =
      build.op("reshape", {first, build.constant("shape", Tensor::vector<int32_t>({-1, 1, 2, 4}))}, {}, "image");
  Value* pool = build.op("average_pool_2d", {image}, Pool2dAttributes{.window_w = 2}, "pool");
  const Graph graph = build.finish(
      {build.op("conv_2d", {pool, build.constant("v", Tensor(DType::Float32, {2, 1, 1, 4})), nullptr}, {}, "y")});
  QuantConfig config = config_of(QuantMode::Int8);
  config.activation_bits = 4;
  EXPECT_EQ(plan_of(graph, config).values.at("x").bits, 4);
  EXPECT_EQ(plan_of(graph, config).values.at("pool").bits, 8);
}

TEST(MakePlan, FixedRangesAreNotEstimated) {
  QuantConfig config = config_of(QuantMode::Int8);
  config.fixed = {*parse_fixed_range("x=-2:2")};
  const Graph graph = small_classifier();
  EXPECT_EQ(*plan_of(graph, config).of(*graph.inputs[0])->quantization, activation_parameters({-2, 2}, DType::Int8));
}

TEST(QuantConfig, SaysWhatIsWrong) {
  EXPECT_THAT(parse_layer_bits("stem").error().message, ::testing::HasSubstr("'stem' is no setting of bits"));
  EXPECT_THAT(parse_layer_bits("stem=8").error().message, ::testing::HasSubstr("'stem*=w8a8'"));
  EXPECT_THAT(parse_fixed_range("x=1").error().message, ::testing::HasSubstr("'x=1' is no range"));
  EXPECT_THAT(parse_fixed_range("x=1:two").error().message, ::testing::HasSubstr("is no range"));
  const auto refused = [](QuantConfig config) { return make_plan(small_classifier(), {}, config).error().message; };
  EXPECT_THAT(refused({.weight_bits = 1}), ::testing::HasSubstr("1 bits were asked for weights, 2 to 8"));
  EXPECT_THAT(refused({.activation_bits = 9}), ::testing::HasSubstr("9 bits were asked for activations"));
  EXPECT_THAT(refused({.layers = {{"*", 16, 0}}}), ::testing::HasSubstr("16 bits"));
  EXPECT_THAT(refused({.fixed = {{"x", {1, 1}}}}), ::testing::HasSubstr("its ends must grow"));
}

TEST(MakePlan, TextOfAPlan) {
  GraphBuilder build;
  Value* x = build.input("x", {1, 2});
  Value* dense = build.op(
      "fully_connected",
      {x, build.constant("w", Tensor::of<float>({1, 2}, {1, 127})), build.constant("b", Tensor::vector<float>({0.5f}))},
      {}, "dense");
  const Graph graph = build.finish({build.op("layer_normalization", {dense, nullptr, nullptr}, {}, "norm")});
  EXPECT_EQ(
      to_string(plan_of(graph, config_of(QuantMode::Int8)), graph),
      "mode int8, inputs and outputs f32\n"
      "  x: i8 scale 0.0117647 zero point -43\n"
      "fully_connected 'dense': integer, int8\n"
      "  w: i8 scale 1 zero point 0\n"
      "  b: i32 scale 0.0117647 zero point 0\n"
      "  dense: i8 scale 0.0196078 zero point -26\n"
      "layer_normalization 'norm': float, no integer form; folded into a convolution or expanded into simple operators first\n");
}

}  // namespace
}  // namespace pare
