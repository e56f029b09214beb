#include <algorithm>

#include "engine/fixed_point_functions.h"
#include "ops/elementwise_integer.h"
#include "ops/integer_kernels.h"

namespace pare {
namespace {

std::string declines(const KernelRequest& request) { return declines_stored<int8_t, int16_t>(request, 1); }

Expected<std::unique_ptr<Kernel>> create_abs(const KernelRequest& request) {
  const float src_scale = scale_of(request.type(0)), dst_scale = scale_of(request.result_type());
  const bool rescale = src_scale != dst_scale;
  const FixedMultiplier multiplier = to_fixed_multiplier(src_scale / dst_scale);
  return make_stored_unary(request, [=, zero = zero_point_of(request.type(0)),
                                     range = StoredRange(request.result_type(), Activation::None)](int32_t x) {
    const int32_t value = std::abs(x - zero);
    return range.clamp((rescale ? multiply(value, multiplier) : value) + range.zero_point);
  });
}

Expected<std::unique_ptr<Kernel>> create_exp(const KernelRequest& request) {
  return make_tabulated(request, [](float x) { return std::exp(x); });
}

// Where the logarithm does not exist, the smallest value of the result.
Expected<std::unique_ptr<Kernel>> create_log(const KernelRequest& request) {
  const TensorType& dst = request.result_type();
  const float lowest =
      static_cast<float>(integer_range(dst.dtype).lowest - dst.quantization->zero_point()) * scale_of(dst);
  return make_tabulated(request, [lowest](float x) { return x <= 0 ? lowest : std::log(x); });
}

// A root below zero does not exist; TFLite refuses it, here it counts as the root of zero. The result is truncated, not rounded.
Expected<std::unique_ptr<Kernel>> create_sqrt(const KernelRequest& request) {
  return make_stored_unary(request, [src_scale = scale_of(request.type(0)), dst_scale = scale_of(request.result_type()),
                                     zero = zero_point_of(request.type(0)),
                                     range = StoredRange(request.result_type(), Activation::None)](int32_t x) {
    const float value = std::max(src_scale * static_cast<float>(x - zero), 0.f);
    return range.clamp(static_cast<int32_t>(std::sqrt(value) / dst_scale) + range.zero_point);
  });
}

// Zero and, which TFLite refuses, anything below it give the largest value.
Expected<std::unique_ptr<Kernel>> create_rsqrt(const KernelRequest& request) {
  const float dst_scale = scale_of(request.result_type());
  if (request.dtype() == DType::Int16)
    return make_tabulated(request, [dst_scale](float x) { return x <= 0 ? 32767 * dst_scale : 1.0f / std::sqrt(x); });
  constexpr int kFractionBits = 20;
  FixedMultiplier scale =
      to_fixed_multiplier(1. / static_cast<double>(std::sqrt(scale_of(request.type(0))) * dst_scale));
  scale.shift -= kFractionBits;
  return make_stored_unary(request, [scale, zero = zero_point_of(request.type(0)),
                                     range = StoredRange(request.result_type(), Activation::None)](int32_t x) {
    if (x <= zero) return range.highest;
    FixedMultiplier root = inverse_square_root(x - zero);
    root.shift += kFractionBits;
    return range.clamp(multiply(multiply(1, root), scale) + range.zero_point);
  });
}

}  // namespace

Implementation integer_abs() { return {"integer", declines, create_abs}; }
Implementation integer_exp() { return {"integer", declines, create_exp}; }
Implementation integer_log() { return {"integer", declines, create_log}; }
Implementation integer_sqrt() { return {"integer", declines, create_sqrt}; }
Implementation integer_rsqrt() { return {"integer", declines, create_rsqrt}; }

}  // namespace pare
