#include "engine/avx512/requantize.h"

#include <algorithm>

#include "ops/activation.h"

namespace pare::avx512 {

std::string declines_requantize_i8(const KernelRequest& request) {
  const auto is_int8 = [](const Value* value) {
    return value != nullptr && value->type.dtype == DType::Int8 && value->type.quantization.has_value();
  };
  if (!is_int8(request.operand(0)) || !is_int8(request.operand(1)) || !is_int8(request.node.result()))
    return "not int8";
  if (!request.type(0).quantization->is_per_tensor() || !request.result_type().quantization->is_per_tensor())
    return "activations are quantised per channel";
  const Quantization& weights = *request.type(1).quantization;
  if (weights.block > 0) return "weights are quantised in blocks";
  if (std::any_of(weights.zero_points.begin(), weights.zero_points.end(), [](int64_t z) { return z != 0; }))
    return "weights are not symmetric";
  if (request.has(2) && (!request.operand(2)->is_constant() || request.dtype(2) != DType::Int32))
    return "the bias is not constant int32";
  return "";
}

RequantizeI8::RequantizeI8(const KernelRequest& request, const Layout& layout, Activation activation) {
  const Quantization& src = *request.type(0).quantization;
  const Quantization& dst = *request.result_type().quantization;
  const Quantization& weights_quantization = *request.type(1).quantization;
  const auto weights = request.operand(1)->data->values<int8_t>();
  const int32_t shift = 128 + static_cast<int32_t>(src.zero_point());
  for (int64_t column = 0; column < layout.channels; ++column) {
    int32_t sum = 0;
    for (int64_t i = 0; i < layout.k; ++i)
      sum += weights[static_cast<size_t>(column * layout.channel_step + i * layout.step)];
    const int32_t bias = request.has(2) ? request.operand(2)->data->values<int32_t>()[static_cast<size_t>(column)] : 0;
    bias_.push_back(bias - shift * sum);
    const size_t scale = weights_quantization.is_per_tensor() ? 0 : static_cast<size_t>(column);
    scales_.push_back(static_cast<float>(double{src.scale()} * weights_quantization.scales[scale] / dst.scale()));
  }
  const IntegerRange range = quantized_activation_range(activation, request.result_type());
  zero_point_ = static_cast<int32_t>(dst.zero_point());
  lowest_ = static_cast<int32_t>(range.lowest);
  highest_ = static_cast<int32_t>(range.highest);
}

}  // namespace pare::avx512
