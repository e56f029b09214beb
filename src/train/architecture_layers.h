// Layers as architectures are written down: each gives its result and makes its weights.
#pragma once

#include <string>

#include "base/random.h"
#include "ir/builder.h"

namespace pare {

// A width times a factor, to a multiple of 8 that takes away at most a tenth. Sandler et al. (2018).
int64_t widened(double channels, double factor);

class Layers {
 public:
  explicit Layers(uint64_t seed) : random_(seed) {}

  Value* input(const std::vector<int64_t>& sample);

  // A convolution or depthwise convolution with batch normalisation; `activation` is an operator's name or empty.
  Value* conv(Value* src, int64_t channels, int64_t window, int64_t stride, std::string_view activation);
  Value* depthwise(Value* src, int64_t window, int64_t stride, std::string_view activation);
  // With a bias and no batch normalisation.
  Value* plain_conv(Value* src, int64_t channels, int64_t window, Padding padding, std::string_view activation);
  Value* dense(Value* src, int64_t units, std::string_view activation);

  Value* max_pool(Value* src, int64_t window, int64_t stride);
  Value* global_pool(Value* src);  // [N, C]
  // Squeeze and excitation: each channel times a gate from 0 to 1, out of the means of all by two layers, the first of `squeezed` channels.
  // Hu et al. (2018), with the hard sigmoid of Howard et al. (2019).
  Value* gated(Value* src, int64_t squeezed);
  Value* add(Value* x, Value* y, std::string_view activation);
  Value* activate(Value* src, std::string_view activation);
  Value* classifier(Value* src, int64_t classes) { return dense(src, classes, "softmax"); }

  Graph finish(Value* output);

 private:
  std::string name(std::string_view kind);
  Value* normalized(Value* src, const std::string& layer);

  Random random_;
  GraphBuilder build_;
  int64_t count_ = 0;
};

}  // namespace pare
