// Untrained networks of well-known shapes, of a given width, depth, resolution and number of classes.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "ir/graph.h"

namespace pare {

enum class Architecture {
  Mlp,
  Lenet,
  SmallCnn,
  Autoencoder,
  DsCnn,
  Resnet,
  MobilenetV1,
  MobilenetV2,
  MobilenetV3Small,
  MobilenetV3Large,
  EfficientnetLite
};
template <>
struct EnumNames<Architecture> {
  static constexpr std::array<std::string_view, 11> names{
      "mlp",          "lenet",        "small_cnn",          "autoencoder",        "ds_cnn",           "resnet",
      "mobilenet_v1", "mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_large", "efficientnet_lite"};
};

struct ArchitectureOptions {
  Architecture architecture = Architecture::MobilenetV1;
  std::vector<int64_t> input{96, 96, 3};  // a sample: height, width, channels; mlp and autoencoder take any
  int64_t classes = 10;                   // of autoencoder: not used
  double width = 1;                       // factor of all channels, rounded to multiples of 8
  int64_t depth = 0;  // blocks a stage (resnet), blocks (ds_cnn), hidden layers (mlp); 0: as published
  uint64_t seed = 1;  // of the weights
};

// What each is: one line.
std::string_view summary_of(Architecture architecture);

// A float network with a symbolic batch, batch normalisations unfolded, softmax at the end of classifiers. Convolutions begin by He's
// rule (2015), dense layers by Glorot's (2010). Fails for an input that is too small or of the wrong rank.
Expected<Graph> build_network(const ArchitectureOptions& options);

}  // namespace pare
