#include "compress/channel_groups.h"

#include <gmock/gmock.h>

#include "ir/verify.h"
#include "ops/conv_2d.h"
#include "ops/join_split.h"
#include "ops/reductions.h"
#include "ops/reshape.h"
#include "ops/space_depth.h"
#include "testing/passes.h"

namespace pare {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::random_tensor;
using testing::run_reference;

class ChannelGroupsTest : public ::testing::Test {
 protected:
  Random random{1};
  GraphBuilder build;

  Value* constant(std::string name, Shape shape) {
    return build.constant(std::move(name), random_tensor(std::move(shape), random, -1, 1));
  }
  Value* input(int64_t channels = 3) { return build.input("x", {kDynamic, 4, 4, channels}); }
  // With a bias; pointwise unless told.
  Value* conv(Value* src, int64_t channels, const std::string& name, int64_t kernel = 1, int64_t inputs = 0) {
    if (inputs == 0) inputs = src->type.shape[3];
    return build.op("conv_2d",
                    {src, constant(name + "/w", {channels, kernel, kernel, inputs}), constant(name + "/b", {channels})},
                    Conv2dAttributes{.activation = Activation::Relu}, name);
  }
  Value* dense(Value* src, int64_t inputs, int64_t channels, const std::string& name) {
    return build.op("fully_connected",
                    {src, constant(name + "/w", {channels, inputs}), constant(name + "/b", {channels})}, {}, name);
  }
};

std::vector<std::string> layers_of(const ChannelGroups& found) {
  std::vector<std::string> layers;
  for (const ChannelGroup& group : found.groups)
    layers.push_back(fmt::format("{} {}", fmt::join(group.makers, "+"), group.channels()));
  return layers;
}

// Of each group its second channel and each third.
std::vector<LeavingChannels> some_of(const std::vector<ChannelGroup>& groups) {
  std::vector<LeavingChannels> leaving;
  for (size_t i = 0; i < groups.size(); ++i) {
    LeavingChannels each{i, {1}};
    for (int64_t c = 3; c < groups[i].channels(); c += 3) each.channels.push_back(c);
    leaving.push_back(std::move(each));
  }
  return leaving;
}

// What reads the channels multiplies them by zero.
void silence(const std::vector<ChannelGroup>& groups, const std::vector<LeavingChannels>& leaving) {
  for (const LeavingChannels& each : leaving)
    for (const ChannelMember& member : groups[each.group].members) {
      if (member.role != ChannelRole::Reads || !member.value->is_constant()) continue;
      const Shape& shape = member.value->type.shape;
      const int64_t extent = shape[member.axis], inner = shape.elements(member.axis + 1, shape.rank());
      const auto values = member.value->data->mutable_values<float>();
      for (const int64_t channel : each.channels)
        for (const int64_t element : member.elements[static_cast<size_t>(channel)])
          for (size_t i = 0; i < values.size(); ++i)
            if (static_cast<int64_t>(i) / inner % extent == element) values[i] = 0;
    }
}

// The smaller network gives what the whole one gives when nothing reads the channels; no values of the results are of the old widths.
void expect_removal_is_silence(Graph& graph) {
  Graph whole = graph.clone();
  const ChannelGroups groups = find_channel_groups(whole);
  const std::vector<LeavingChannels> leaving = some_of(groups.groups);
  silence(groups.groups, leaving);
  const ChannelGroups mine = find_channel_groups(graph);
  ASSERT_EQ(layers_of(mine), layers_of(groups));
  const auto removed = remove_channels(graph, mine.groups, leaving);
  ASSERT_TRUE(removed) << removed.error().to_string() << "\n" << print(graph);
  const auto verified = verify(graph);
  ASSERT_TRUE(verified) << verified.error().to_string() << "\n" << print(graph);
  const auto expected = run_reference(whole, 3), got = run_reference(graph, 3);
  ASSERT_EQ(got.size(), expected.size());
  for (size_t i = 0; i < got.size(); ++i) {
    ASSERT_EQ(got[i].size(), expected[i].size());
    for (size_t k = 0; k < got[i].size(); ++k) EXPECT_NEAR(got[i][k], expected[i][k], 1e-4) << i << " " << k;
  }
}

TEST_F(ChannelGroupsTest, AChainEndsInWhatTheNetworkGives) {
  Graph graph = build.finish({conv(conv(conv(input(), 6, "a", 3), 8, "b"), 5, "c")});
  const ChannelGroups found = find_channel_groups(graph);
  EXPECT_THAT(layers_of(found), ElementsAre("a 6", "b 8"));
  ASSERT_EQ(found.fixed.size(), 1u);
  EXPECT_EQ(found.fixed[0].layer, "c");
  EXPECT_EQ(found.fixed[0].channels, 5);
  EXPECT_EQ(found.fixed[0].reason, "'c' is an output of the network");
  expect_removal_is_silence(graph);
  EXPECT_EQ(graph.find_value("a/w")->type.shape, (Shape{4, 3, 3, 3}));
  EXPECT_EQ(graph.find_value("b/w")->type.shape, (Shape{5, 1, 1, 4}));
}

TEST_F(ChannelGroupsTest, AdditionsTieWhatTheyAdd) {
  Value* stem = conv(input(), 6, "stem");
  Value* inner = conv(stem, 8, "inner", 3);
  Value* sum = build.op("add", {stem, conv(inner, 6, "outer")}, {}, "sum");
  Graph graph = build.finish({conv(sum, 2, "head")});
  EXPECT_THAT(layers_of(find_channel_groups(graph)), ElementsAre("stem+outer 6", "inner 8"));
  expect_removal_is_silence(graph);
}

TEST_F(ChannelGroupsTest, AnAdditionToTheInputKeepsItsChannels) {
  Value* x = input(6);
  Graph graph = build.finish({conv(build.op("add", {x, conv(x, 6, "a")}, {}, "sum"), 2, "head")});
  const ChannelGroups found = find_channel_groups(graph);
  EXPECT_TRUE(found.groups.empty());
  EXPECT_EQ(found.fixed[0].reason, "'x' is an input of the network");
}

TEST_F(ChannelGroupsTest, ConcatenationsKeepPartsApart) {
  Value* x = input();
  Value* both =
      build.op("concatenation", {conv(x, 6, "a"), conv(x, 4, "b")}, ConcatenationAttributes{.axis = -1}, "both");
  Graph graph = build.finish({conv(both, 2, "head", 3)});
  EXPECT_THAT(layers_of(find_channel_groups(graph)), ElementsAre("a 6", "b 4"));
  expect_removal_is_silence(graph);
  EXPECT_EQ(graph.find_value("head/w")->type.shape, (Shape{2, 3, 3, 4 + 2}));
}

TEST_F(ChannelGroupsTest, DepthwiseChannelsGoAlong) {
  Value* wide = build.op("depthwise_conv_2d",
                         {conv(input(), 6, "a"), constant("d/w", {1, 3, 3, 12}), constant("d/b", {12})}, {}, "d");
  Graph graph = build.finish({conv(wide, 2, "head")});
  EXPECT_THAT(layers_of(find_channel_groups(graph)), ElementsAre("a+d 6"));
  expect_removal_is_silence(graph);
  EXPECT_EQ(graph.find_value("d/w")->type.shape, (Shape{1, 3, 3, 8}));
}

TEST_F(ChannelGroupsTest, GroupsOfAConvolutionStayAlike) {
  Value* grouped = conv(conv(input(), 12, "a"), 9, "grouped", 3, 4);
  Graph graph = build.finish({conv(grouped, 2, "head")});
  EXPECT_THAT(layers_of(find_channel_groups(graph)), ElementsAre("a 4", "grouped 3"));
  expect_removal_is_silence(graph);
  EXPECT_EQ(graph.find_value("a/w")->type.shape, (Shape{6, 1, 1, 3}));
}

TEST_F(ChannelGroupsTest, FlattenedAndPooledIntoDenseLayers) {
  Value* a = conv(input(), 6, "a");
  Value* flat = build.op("reshape", {a, build.constant("shape", Tensor::vector<int32_t>({-1, 96}))}, {}, "flat");
  Value* first = dense(flat, 96, 7, "first");
  Value* direct = dense(conv(a, 5, "b"), 80, 7, "direct");  // rows of 4 x 4 x 5
  Value* axes = build.constant("axes", Tensor::vector<int32_t>({1, 2}));
  Value* pooled = dense(build.op("mean", {a, axes}, {}, "mean"), 6, 7, "pooled");
  Value* sum = build.op("add", {build.op("add", {first, direct}, {}, "s"), pooled}, {}, "sum");
  Graph graph = build.finish({dense(sum, 7, 2, "head")});
  EXPECT_THAT(layers_of(find_channel_groups(graph)), ElementsAre("a 6", "first+direct+pooled 7", "b 5"));
  expect_removal_is_silence(graph);
  EXPECT_EQ(to_int64(*graph.nodes()[1]->operand(1)->data), (std::vector<int64_t>{-1, 64}));
}

TEST_F(ChannelGroupsTest, SplitsAndStacks) {
  Value* axis = build.constant("axis", Tensor::scalar<int32_t>(3));
  const auto halves = build.ops("split", {axis, conv(input(), 8, "a")}, SplitAttributes{.num_splits = 2}, {"h0", "h1"});
  Value* sizes = build.constant("sizes", Tensor::vector<int32_t>({4, 6}));
  const auto parts =
      build.ops("split_v", {conv(halves[0], 10, "b"), sizes, axis}, SplitAttributes{.num_splits = 2}, {"p0", "p1"});
  Value* stacked = build.op("pack", {halves[1], parts[0]}, PackAttributes{.values_count = 2, .axis = 1}, "stacked");
  Value* one = build.ops("unpack", {stacked}, UnpackAttributes{.num = 2, .axis = 1}, {"u0", "u1"})[1];
  Graph graph = build.finish({conv(one, 2, "head"), conv(parts[1], 2, "other")});
  // Halves of a split lose the same; one half meets the first part of b.
  EXPECT_THAT(layers_of(find_channel_groups(graph)), ElementsAre("a+b 4", "b 6"));
  expect_removal_is_silence(graph);
}

TEST_F(ChannelGroupsTest, PixelsAndBlocks) {
  Value* deep = build.op("space_to_depth", {conv(input(), 5, "a")}, BlockAttributes{.block_size = 2}, "deep");
  Value* flat = build.op("depth_to_space", {conv(deep, 12, "b")}, BlockAttributes{.block_size = 2}, "flat");
  Value* order = build.constant("order", Tensor::vector<int32_t>({0, 2, 1, 3}));
  Value* turned = build.op("transpose", {flat, order}, {}, "turned");
  Value* paddings = build.constant("paddings", Tensor::of<int32_t>({4, 2}, {0, 0, 1, 1, 1, 1, 0, 0}));
  Graph graph = build.finish({conv(build.op("pad", {turned, paddings}, {}, "padded"), 2, "head", 3)});
  EXPECT_THAT(layers_of(find_channel_groups(graph)), ElementsAre("a 5", "b 3"));
  expect_removal_is_silence(graph);
}

TEST_F(ChannelGroupsTest, NormalisationsAndFactors) {
  Value* a = conv(input(), 6, "a");
  Value* bn = build.op("batch_normalization",
                       {a, constant("gamma", {6}), constant("beta", {6}), constant("mean", {6}),
                        build.constant("variance", random_tensor({6}, random, 0.5f, 2))},
                       {}, "bn");
  // Squeeze and excite: factors of channels from their means.
  Value* axes = build.constant("axes", Tensor::vector<int32_t>({1, 2}));
  Value* means = build.op("mean", {bn, axes}, ReduceAttributes{.keep_dims = true}, "means");
  Value* gate = build.op("logistic", {conv(conv(means, 4, "squeeze"), 6, "excite")}, {}, "gate");
  Value* gated = build.op("mul", {bn, gate}, {}, "gated");
  Value* shifted = build.op("add", {gated, constant("shift", {6})}, {}, "shifted");
  Graph graph = build.finish({conv(shifted, 2, "head")});
  EXPECT_THAT(layers_of(find_channel_groups(graph)), ElementsAre("a+excite 6", "squeeze 4"));
  expect_removal_is_silence(graph);
  EXPECT_EQ(graph.find_value("gamma")->type.shape, Shape{4});
}

TEST_F(ChannelGroupsTest, SharedWeightsLoseTheSameEverywhere) {
  Value* weights = constant("w", {6, 1, 1, 3});
  Value* x = input();
  Value* one = build.op("conv_2d", {x, weights, nullptr}, {}, "one");
  Value* two = build.op("conv_2d", {build.op("relu", {x}, {}, "r"), weights, nullptr}, {}, "two");
  Graph graph = build.finish({conv(one, 2, "head_one"), conv(two, 2, "head_two")});
  EXPECT_THAT(layers_of(find_channel_groups(graph)), ElementsAre("one 6"));
  expect_removal_is_silence(graph);
}

TEST_F(ChannelGroupsTest, MasksGoAlong) {
  Value* mask = build.constant("mask", Tensor::of<float>({2, 3}, {1, 0, 1, 1, 1, 0}));
  Value* masked = build.op("mask_weights", {constant("w", {2, 3}), mask}, {}, "masked");
  Value* hidden = dense(build.input("x", {kDynamic, 5}), 5, 3, "hidden");
  Graph graph = build.finish({build.op("fully_connected", {hidden, masked, nullptr}, {}, "head")});
  expect_removal_is_silence(graph);
  EXPECT_EQ(graph.find_value("mask")->type.shape, (Shape{2, 2}));
}

TEST_F(ChannelGroupsTest, SaysWhatKeepsChannels) {
  Value* a = dense(build.input("x", {kDynamic, 5}), 5, 6, "a");
  Graph graph = build.finish({dense(build.op("softmax", {a}, {}, "s"), 6, 2, "head")});
  const ChannelGroups found = find_channel_groups(graph);
  EXPECT_TRUE(found.groups.empty());
  ASSERT_EQ(found.fixed.size(), 2u);
  EXPECT_EQ(found.fixed[0].layer, "a");
  EXPECT_THAT(found.fixed[0].reason, HasSubstr("softmax 's' needs all channels"));
}

TEST_F(ChannelGroupsTest, FindsTheSameGroupsInAnotherForm) {
  Graph graph = build.finish({conv(build.op("relu", {conv(input(), 6, "a")}, {}, "r"), 2, "head")});
  Graph other = graph.clone();
  const ChannelGroups one = find_channel_groups(graph), two = find_channel_groups(other);
  EXPECT_THAT(match_groups(one.groups, two.groups), ElementsAre(std::optional<size_t>(0)));
  other.rename(other.find_value("a"), "elsewhere");
  other.rename(other.find_value("r"), "too");
  EXPECT_THAT(match_groups(one.groups, find_channel_groups(other).groups), ElementsAre(std::nullopt));
}

}  // namespace
}  // namespace pare
