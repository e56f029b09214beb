#include "train/sparse_inference.h"

#include <gmock/gmock.h>

#include "ops/conv_2d.h"
#include "ops/reductions.h"
#include "testing/graphs.h"
#include "train/chosen_weights.h"

namespace pare {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::random_tensor;

struct Parts {
  int64_t padding = 1;    // in front of the first convolution
  bool keep_dims = true;  // of the mean
  std::string_view between = "relu";
};

// Padded convolution, depthwise, 1x1, something, mean, dense.
Graph network_of(const Parts& parts) {
  Random random(1);
  GraphBuilder build;
  const auto constant = [&](std::string name, Shape shape) {
    return build.constant(std::move(name), random_tensor(std::move(shape), random));
  };
  const auto p = static_cast<int32_t>(parts.padding);
  Value* x = build.input("x", {1, 16, 16, 3});
  Value* padded = build.op("pad", {x, build.constant("p", Tensor::of<int32_t>({4, 2}, {0, 0, p, p, p, p, 0, 0}))}, {});
  Value* stem = build.op("conv_2d", {padded, constant("stem/w", {8, 3, 3, 3})},
                         Conv2dAttributes{.padding = Padding::Valid, .stride_h = 2, .stride_w = 2}, "stem");
  Value* deep = build.op("depthwise_conv_2d", {stem, constant("deep/w", {1, 3, 3, 8})}, Conv2dAttributes{}, "deep");
  Value* point = build.op("conv_2d", {deep, constant("point/w", {16, 1, 1, 8})}, Conv2dAttributes{}, "point");
  Value* between = build.op(parts.between, {point}, {}, "between");
  Value* mean = build.op("mean", {between, build.constant("axes", Tensor::vector<int32_t>({1, 2}))},
                         ReduceAttributes{.keep_dims = parts.keep_dims}, "mean");
  return build.finish({build.op("fully_connected", {mean, constant("dense/w", {4, 16})}, {}, "dense")});
}

std::vector<std::string> chosen_in(const Graph& network, const WeightChoice& choice) {
  const auto chosen = chosen_weights(network, choice, "prune");
  if (!chosen) return {chosen.error().to_string()};
  std::vector<std::string> names;
  for (const ChosenWeights& each : *chosen) names.push_back(each.node->name);
  return names;
}

TEST(SparseInference, ChoosesTheConvolutionsThatItMultipliesWith) {
  EXPECT_THAT(chosen_in(network_of({}), {.policy = WeightPolicy::Xnnpack}), ElementsAre("point"));
}

TEST(SparseInference, SaysWhatIsInTheWay) {
  const WeightChoice choice{.policy = WeightPolicy::Xnnpack};
  EXPECT_THAT(chosen_in(network_of({.padding = 2}), choice)[0], HasSubstr("padded by one on each side"));
  EXPECT_THAT(chosen_in(network_of({.keep_dims = false}), choice)[0], HasSubstr("do not take mean ('mean')"));
  EXPECT_THAT(chosen_in(network_of({.between = "tanh"}), choice)[0], HasSubstr("do not take tanh ('between')"));
}

TEST(ChosenWeights, ByType) {
  const Graph network = network_of({});
  EXPECT_THAT(chosen_in(network, {}), ElementsAre("stem", "point", "dense"));
  EXPECT_THAT(chosen_in(network, {.types = {"depthwise_conv_2d", "fully_connected"}}), ElementsAre("deep", "dense"));
  EXPECT_THAT(chosen_in(network, {.exclude = {"stem"}, .types = {"conv_2d"}}), ElementsAre("point"));
  EXPECT_THAT(chosen_in(network, {.types = {"lstm"}})[0],
              HasSubstr("'lstm'; there are conv_2d, depthwise_conv_2d, fully_connected"));
}

}  // namespace
}  // namespace pare
