// From the integer sums of products back to stored integers: the last step of the integer kernels.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/fixed_point.h"
#include "ir/types.h"
#include "ops/activation.h"

namespace pare {

// Limits and zero point of a per-tensor quantised result.
struct StoredRange {
  StoredRange(const TensorType& dst, Activation activation) {
    const IntegerRange range = quantized_activation_range(activation, dst);
    zero_point = static_cast<int32_t>(dst.quantization->zero_point());
    lowest = static_cast<int32_t>(range.lowest);
    highest = static_cast<int32_t>(range.highest);
  }
  int32_t clamp(int32_t stored) const { return std::min(std::max(stored, lowest), highest); }

  int32_t zero_point, lowest, highest;
};

// clamp(round(sum * factor) + zero point) with factors scale(src) * scale(weights) / scale(dst), one for each output channel or one
// for all. TFLite's reference kernels compute the rounded product in two ways; each class below is one.
//
// With fixed-point numbers: convolutions and matrix products.
class FixedPointRequantizer {
 public:
  FixedPointRequantizer(const TensorType& src, const TensorType& weights, const TensorType& dst, Activation activation)
      : range_(dst, activation) {
    for (const float scale : weights.quantization->scales) {
      // For unsigned weights TFLite multiplies the scales in single precision.
      const double product = weights.dtype == DType::UInt8 ? src.quantization->scale() * scale
                                                           : static_cast<double>(src.quantization->scale()) * scale;
      factors_.push_back(to_fixed_multiplier(product / static_cast<double>(dst.quantization->scale())));
    }
  }

  template <class Sum>
  int32_t operator()(Sum sum, int64_t channel) const {
    return range_.clamp(multiply(sum, factors_[factors_.size() == 1 ? 0 : static_cast<size_t>(channel)]) +
                        range_.zero_point);
  }

 private:
  std::vector<FixedMultiplier> factors_;
  StoredRange range_;
};

// With double-precision numbers: fully connected layers.
class RealRequantizer {
 public:
  RealRequantizer(const TensorType& src, const TensorType& weights, const TensorType& dst, Activation activation)
      : range_(dst, activation) {
    for (const float scale : weights.quantization->scales)
      factors_.push_back(static_cast<double>(src.quantization->scale()) * scale /
                         static_cast<double>(dst.quantization->scale()));
  }

  template <class Sum>
  int32_t operator()(Sum sum, int64_t channel) const {
    const double product =
        std::round(static_cast<double>(sum) * factors_[factors_.size() == 1 ? 0 : static_cast<size_t>(channel)]);
    return range_.clamp(static_cast<int32_t>(std::clamp(product, -0x1p30, 0x1p30)) + range_.zero_point);
  }

 private:
  std::vector<double> factors_;
  StoredRange range_;
};

}  // namespace pare
