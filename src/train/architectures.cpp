#include "train/architectures.h"

#include <algorithm>

#include "train/architecture_layers.h"
#include "train/mobile_networks.h"

namespace pare {
namespace {

Graph mlp(const ArchitectureOptions& options) {
  Layers layers(options.seed);
  Value* x = layers.input(options.input);
  const int64_t depth = options.depth > 0 ? options.depth : 2;
  for (int64_t i = 0; i < depth; ++i) x = layers.dense(x, widened(128, options.width), "relu");
  return layers.finish(layers.classifier(x, options.classes));
}

// After LeCun et al. (1998), with ReLU and maximum pooling as in most tutorials.
Graph lenet(const ArchitectureOptions& options) {
  Layers layers(options.seed);
  Value* x = layers.input(options.input);
  x = layers.max_pool(layers.plain_conv(x, widened(32, options.width), 5, Padding::Same, "relu"), 2, 2);
  x = layers.max_pool(layers.plain_conv(x, widened(64, options.width), 5, Padding::Same, "relu"), 2, 2);
  x = layers.dense(x, widened(512, options.width), "relu");
  return layers.finish(layers.classifier(x, options.classes));
}

// Pairs of 3 x 3 convolutions with batch normalisation, pooled between.
Graph small_cnn(const ArchitectureOptions& options) {
  Layers layers(options.seed);
  Value* x = layers.input(options.input);
  for (const double channels : {32., 64.}) {
    x = layers.conv(x, widened(channels, options.width), 3, 1, "relu");
    x = layers.max_pool(layers.conv(x, widened(channels, options.width), 3, 1, "relu"), 2, 2);
  }
  x = layers.conv(x, widened(128, options.width), 3, 1, "relu");
  return layers.finish(layers.classifier(layers.global_pool(x), options.classes));
}

// That of MLPerf Tiny's anomaly detection: dense layers around a narrow middle.
Graph autoencoder(const ArchitectureOptions& options) {
  Layers layers(options.seed);
  Value* x = layers.input(options.input);
  const int64_t features = x->type.shape.elements(1, x->type.shape.rank()), wide = widened(128, options.width);
  for (int i = 0; i < 4; ++i) x = layers.dense(x, wide, "relu");
  x = layers.dense(x, 8, "relu");
  for (int i = 0; i < 4; ++i) x = layers.dense(x, wide, "relu");
  return layers.finish(layers.dense(x, features, ""));
}

// Zhang et al., "Hello Edge" (2017), in the small form of MLPerf Tiny.
Graph ds_cnn(const ArchitectureOptions& options) {
  Layers layers(options.seed);
  const int64_t channels = widened(64, options.width), depth = options.depth > 0 ? options.depth : 4;
  Value* x = layers.conv(layers.input(options.input), channels, 5, 2, "relu");
  for (int64_t i = 0; i < depth; ++i) x = layers.conv(layers.depthwise(x, 3, 1, "relu"), channels, 1, 1, "relu");
  return layers.finish(layers.classifier(layers.global_pool(x), options.classes));
}

// He et al. (2016), section 4.2, for small images: three stages of blocks; 6 * depth + 2 layers with weights. A shortcut that changes
// the width is a 1 x 1 convolution.
Graph resnet(const ArchitectureOptions& options) {
  Layers layers(options.seed);
  const int64_t blocks = options.depth > 0 ? options.depth : 1;
  Value* x = layers.conv(layers.input(options.input), widened(16, options.width), 3, 1, "relu");
  for (const double channels : {16., 32., 64.})
    for (int64_t block = 0; block < blocks; ++block) {
      const int64_t width = widened(channels, options.width), stride = channels > 16 && block == 0 ? 2 : 1;
      Value* branch = layers.conv(layers.conv(x, width, 3, stride, "relu"), width, 3, 1, "");
      Value* shortcut = stride == 1 ? x : layers.conv(x, width, 1, stride, "");
      x = layers.add(branch, shortcut, "relu");
    }
  return layers.finish(layers.classifier(layers.global_pool(x), options.classes));
}

Expected<void> check(const ArchitectureOptions& options) {
  const bool flat = options.architecture == Architecture::Mlp || options.architecture == Architecture::Autoencoder;
  if (options.input.empty() || std::any_of(options.input.begin(), options.input.end(), [](int64_t e) { return e < 1; }))
    return usage_error("the input {} is not the shape of a sample", Shape(options.input).to_string());
  if (flat) return {};
  if (options.input.size() != 3)
    return usage_error("the input {} has {} extents; {} takes height, width and channels",
                       Shape(options.input).to_string(), options.input.size(), to_string(options.architecture));
  if (std::min(options.input[0], options.input[1]) < 8)
    return usage_error("the input {} is smaller than 8 x 8", Shape(options.input).to_string());
  return {};
}

}  // namespace

std::string_view summary_of(Architecture architecture) {
  switch (architecture) {
    case Architecture::Mlp: return "dense layers of 128";
    case Architecture::Lenet: return "two convolutions of 5 x 5 and a dense layer";
    case Architecture::SmallCnn: return "five convolutions of 3 x 3 with batch normalisation";
    case Architecture::Autoencoder: return "dense layers around a middle of 8, for anomalies";
    case Architecture::DsCnn: return "depthwise separable convolutions, for keywords";
    case Architecture::Resnet: return "residual blocks for small images; 6 * depth + 2 layers";
    case Architecture::MobilenetV1: return "depthwise separable convolutions";
    case Architecture::MobilenetV2: return "inverted residuals";
    case Architecture::MobilenetV3Small: return "the same with squeeze and excitation and hard swish";
    case Architecture::MobilenetV3Large: return "its larger form";
    case Architecture::EfficientnetLite: return "inverted residuals with windows of 3 and 5; depth 0 to 4";
  }
  return "";
}

Expected<Graph> build_network(const ArchitectureOptions& options) {
  PARE_TRY(check(options));
  switch (options.architecture) {
    case Architecture::Mlp: return mlp(options);
    case Architecture::Lenet: return lenet(options);
    case Architecture::SmallCnn: return small_cnn(options);
    case Architecture::Autoencoder: return autoencoder(options);
    case Architecture::DsCnn: return ds_cnn(options);
    case Architecture::Resnet: return resnet(options);
    case Architecture::MobilenetV1: return mobilenet_v1(options);
    case Architecture::MobilenetV2: return mobilenet_v2(options);
    case Architecture::MobilenetV3Small: return mobilenet_v3_small(options);
    case Architecture::MobilenetV3Large: return mobilenet_v3_large(options);
    case Architecture::EfficientnetLite: return efficientnet_lite(options);
  }
  return fail(ErrorCode::Usage, "no such architecture");
}

}  // namespace pare
