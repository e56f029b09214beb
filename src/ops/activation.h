// Fused activations: limits of the result, in real numbers and in stored integers.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "ir/attributes.h"
#include "ir/types.h"

namespace pare {

struct RealRange {
  float lowest, highest;
};
inline RealRange activation_range(Activation activation) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  switch (activation) {
    case Activation::Relu: return {0, kInfinity};
    case Activation::Relu6: return {0, 6};
    case Activation::ReluN1To1: return {-1, 1};
    case Activation::None:
    case Activation::Tanh: break;
  }
  return {-kInfinity, kInfinity};
}

inline float activate(float x, Activation activation) {
  if (activation == Activation::Tanh) return std::tanh(x);
  const RealRange range = activation_range(activation);
  return std::min(std::max(x, range.lowest), range.highest);
}

// The same limits as stored integers of a per-tensor quantised result. A bound is rounded away from zero at ties, as TFLite does.
inline IntegerRange quantized_activation_range(Activation activation, const TensorType& result) {
  IntegerRange range = integer_range(result.dtype);
  const RealRange real = activation_range(activation);
  const auto stored = [&](float bound) {
    return result.quantization->zero_point() + static_cast<int64_t>(std::round(bound / result.quantization->scale()));
  };
  if (std::isfinite(real.lowest)) range.lowest = std::max(range.lowest, stored(real.lowest));
  if (std::isfinite(real.highest)) range.highest = std::min(range.highest, stored(real.highest));
  return range;
}

}  // namespace pare
