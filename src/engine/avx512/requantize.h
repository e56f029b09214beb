// From 32-bit accumulators back to 8-bit results, for operators with int8 activations (operand 0), symmetric int8 weights
// (operand 1) and an int32 bias (operand 2, may be absent).
#pragma once

#include <string>
#include <vector>

#include "engine/avx512/product.h"
#include "engine/kernel.h"

namespace pare::avx512 {

// Why the operand types are not these; empty if they are.
std::string declines_requantize_i8(const KernelRequest& request);

class RequantizeI8 {
 public:
  // How the elements of one output channel lie in the weights: k of them, `step` apart, channels `channel_step` apart.
  struct Layout {
    int64_t channels, channel_step, k, step;
  };
  RequantizeI8(const KernelRequest& request, const Layout& weights, Activation activation);

  EpilogueI8 epilogue() const { return {bias_.data(), scales_.data(), zero_point_, lowest_, highest_}; }

 private:
  std::vector<int32_t> bias_;
  std::vector<float> scales_;
  int32_t zero_point_, lowest_, highest_;
};

}  // namespace pare::avx512
