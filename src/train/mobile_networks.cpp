#include "train/mobile_networks.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "train/architecture_layers.h"

namespace pare {

// Howard et al. (2017), table 1.
Graph mobilenet_v1(const ArchitectureOptions& options) {
  struct Block {
    double channels;
    int64_t stride;
  };
  static constexpr std::array<Block, 13> kBlocks{{{64, 1},
                                                  {128, 2},
                                                  {128, 1},
                                                  {256, 2},
                                                  {256, 1},
                                                  {512, 2},
                                                  {512, 1},
                                                  {512, 1},
                                                  {512, 1},
                                                  {512, 1},
                                                  {512, 1},
                                                  {1024, 2},
                                                  {1024, 1}}};
  Layers layers(options.seed);
  Value* x = layers.conv(layers.input(options.input), widened(32, options.width), 3, 2, "relu6");
  for (const Block& block : kBlocks)
    x = layers.conv(layers.depthwise(x, 3, block.stride, "relu6"), widened(block.channels, options.width), 1, 1,
                    "relu6");
  return layers.finish(layers.classifier(layers.global_pool(x), options.classes));
}

namespace {

// A stage of inverted residuals: the first block has the stride.
struct Stage {
  int64_t expansion;
  double channels;
  int64_t repeats, stride, window;
};

Value* inverted_residual(Layers& layers, Value* x, const Stage& stage, int64_t channels, int64_t stride) {
  const int64_t inputs = x->type.shape[-1];
  Value* wide = stage.expansion == 1 ? x : layers.conv(x, inputs * stage.expansion, 1, 1, "relu6");
  Value* narrow = layers.conv(layers.depthwise(wide, stage.window, stride, "relu6"), channels, 1, 1, "");
  return stride == 1 && inputs == channels ? layers.add(x, narrow, "") : narrow;
}

Value* stages(Layers& layers, Value* x, std::span<const Stage> all, double width, double depth) {
  for (const Stage& stage : all) {
    const auto repeats = static_cast<int64_t>(std::ceil(static_cast<double>(stage.repeats) * depth));
    for (int64_t i = 0; i < repeats; ++i)
      x = inverted_residual(layers, x, stage, widened(stage.channels, width), i == 0 ? stage.stride : 1);
  }
  return x;
}

// A first convolution, the stages, a last convolution in front of the classifier.
struct Ends {
  int64_t first, last;  // their channels
};
Graph inverted_residuals(const ArchitectureOptions& options, std::span<const Stage> all, double depth, Ends ends) {
  Layers layers(options.seed);
  Value* x = layers.conv(layers.input(options.input), ends.first, 3, 2, "relu6");
  x = layers.conv(stages(layers, x, all, options.width, depth), ends.last, 1, 1, "relu6");
  return layers.finish(layers.classifier(layers.global_pool(x), options.classes));
}

}  // namespace

// Sandler et al. (2018), table 2.
Graph mobilenet_v2(const ArchitectureOptions& options) {
  static constexpr std::array<Stage, 7> kStages{{{1, 16, 1, 1, 3},
                                                 {6, 24, 2, 2, 3},
                                                 {6, 32, 3, 2, 3},
                                                 {6, 64, 4, 2, 3},
                                                 {6, 96, 3, 1, 3},
                                                 {6, 160, 3, 2, 3},
                                                 {6, 320, 1, 1, 3}}};
  return inverted_residuals(options, kStages, 1,
                            {widened(32, options.width), widened(1280, std::max(1., options.width))});
}

namespace {

// A block of MobileNetV3. `wide` is the width of its depthwise layer.
struct BlockV3 {
  double wide, channels;
  int64_t window, stride;
  bool gated;  // by squeeze and excitation
  std::string_view activation;
};

Value* block_v3(Layers& layers, Value* x, const BlockV3& block, double width) {
  const int64_t inputs = x->type.shape[-1], channels = widened(block.channels, width),
                expanded = widened(block.wide, width);
  Value* wide = expanded == inputs ? x : layers.conv(x, expanded, 1, 1, block.activation);
  wide = layers.depthwise(wide, block.window, block.stride, block.activation);
  if (block.gated) wide = layers.gated(wide, widened(static_cast<double>(expanded), 0.25));
  Value* narrow = layers.conv(wide, channels, 1, 1, "");
  return block.stride == 1 && inputs == channels ? layers.add(x, narrow, "") : narrow;
}

// `last` is the width of the convolution behind the blocks, `features` that of the dense layer in front of the classifier.
Graph mobilenet_v3(const ArchitectureOptions& options, std::span<const BlockV3> blocks, double last, double features) {
  Layers layers(options.seed);
  Value* x = layers.conv(layers.input(options.input), widened(16, options.width), 3, 2, "hard_swish");
  for (const BlockV3& block : blocks) x = block_v3(layers, x, block, options.width);
  x = layers.global_pool(layers.conv(x, widened(last, options.width), 1, 1, "hard_swish"));
  x = layers.dense(x, widened(features, std::max(1., options.width)), "hard_swish");
  return layers.finish(layers.classifier(x, options.classes));
}

}  // namespace

// Howard et al., "Searching for MobileNetV3" (2019), table 2.
Graph mobilenet_v3_small(const ArchitectureOptions& options) {
  static constexpr std::array<BlockV3, 11> kBlocks{{{16, 16, 3, 2, true, "relu"},
                                                    {72, 24, 3, 2, false, "relu"},
                                                    {88, 24, 3, 1, false, "relu"},
                                                    {96, 40, 5, 2, true, "hard_swish"},
                                                    {240, 40, 5, 1, true, "hard_swish"},
                                                    {240, 40, 5, 1, true, "hard_swish"},
                                                    {120, 48, 5, 1, true, "hard_swish"},
                                                    {144, 48, 5, 1, true, "hard_swish"},
                                                    {288, 96, 5, 2, true, "hard_swish"},
                                                    {576, 96, 5, 1, true, "hard_swish"},
                                                    {576, 96, 5, 1, true, "hard_swish"}}};
  return mobilenet_v3(options, kBlocks, 576, 1024);
}

// Table 1 there.
Graph mobilenet_v3_large(const ArchitectureOptions& options) {
  static constexpr std::array<BlockV3, 15> kBlocks{{{16, 16, 3, 1, false, "relu"},
                                                    {64, 24, 3, 2, false, "relu"},
                                                    {72, 24, 3, 1, false, "relu"},
                                                    {72, 40, 5, 2, true, "relu"},
                                                    {120, 40, 5, 1, true, "relu"},
                                                    {120, 40, 5, 1, true, "relu"},
                                                    {240, 80, 3, 2, false, "hard_swish"},
                                                    {200, 80, 3, 1, false, "hard_swish"},
                                                    {184, 80, 3, 1, false, "hard_swish"},
                                                    {184, 80, 3, 1, false, "hard_swish"},
                                                    {480, 112, 3, 1, true, "hard_swish"},
                                                    {672, 112, 3, 1, true, "hard_swish"},
                                                    {672, 160, 5, 2, true, "hard_swish"},
                                                    {960, 160, 5, 1, true, "hard_swish"},
                                                    {960, 160, 5, 1, true, "hard_swish"}}};
  return mobilenet_v3(options, kBlocks, 960, 1280);
}

// Tan and Le (2019), table 1, without squeeze and excitation and with ReLU6, as published for phones; stem and head keep their width.
// Depth 0 to 4 are the published scalings of depth (lite0 to lite4).
Graph efficientnet_lite(const ArchitectureOptions& options) {
  static constexpr std::array<Stage, 7> kStages{{{1, 16, 1, 1, 3},
                                                 {6, 24, 2, 2, 3},
                                                 {6, 40, 2, 2, 5},
                                                 {6, 80, 3, 2, 3},
                                                 {6, 112, 3, 1, 5},
                                                 {6, 192, 4, 2, 5},
                                                 {6, 320, 1, 1, 3}}};
  static constexpr std::array<double, 5> kDepths{1, 1.1, 1.2, 1.4, 1.8};
  const double depth = kDepths[static_cast<size_t>(std::clamp<int64_t>(options.depth, 0, 4))];
  return inverted_residuals(options, kStages, depth, {32, 1280});
}

}  // namespace pare
