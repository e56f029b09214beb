#include "ops/weighted_kernels.h"

namespace pare {
namespace {

bool per_tensor(const TensorType& type) { return type.is_quantized() && type.quantization->is_per_tensor(); }

// One scale, or one for each output channel with zero points 0.
std::string declines_scales(const KernelRequest& request, size_t index, int64_t channels) {
  const TensorType& weights = request.type(index);
  if (!weights.is_quantized()) return "the weights have no quantisation parameters";
  const Quantization& quantization = *weights.quantization;
  if (quantization.block > 0) return "the weights are quantised in blocks";
  if (quantization.is_per_tensor()) return "";
  if (static_cast<int64_t>(quantization.scales.size()) != channels)
    return "the scales of the weights do not run along the output channels";
  const bool symmetric = std::all_of(quantization.zero_points.begin(), quantization.zero_points.end(),
                                     [](int64_t zero) { return zero == 0; });
  return symmetric ? "" : "zero points that differ between channels";
}

int64_t channels(const KernelRequest& request) { return request.result_type().shape[-1]; }

}  // namespace

DynamicForm conv_2d_dynamic_form(const Quantization& weights) {
  const bool per_channel = weights.scales.size() > 1;
  return {.asymmetric = per_channel, .weights_scale_first = per_channel};
}

std::string declines_weighted_float(const KernelRequest& request, WeightedOperands at) {
  for (const size_t i : {at.src, at.weights, at.bias})
    if (request.has(i) && request.dtype(i) != DType::Float32) return "operands are not all float32";
  return "";
}

std::string declines_weighted_integer(const KernelRequest& request, WeightedOperands at) {
  const TensorType &src = request.type(at.src), &weights = request.type(at.weights), &dst = request.result_type();
  const bool wide = src.dtype == DType::Int16;
  if (src.dtype != DType::Int8 && src.dtype != DType::UInt8 && !wide) return "src is not i8, u8 or i16";
  if (!per_tensor(src) || !per_tensor(dst)) return "src and dst need one scale each";
  if (weights.dtype != (src.dtype == DType::UInt8 ? DType::UInt8 : DType::Int8) &&
      (weights.dtype != DType::Int4 || src.dtype == DType::UInt8))
    return fmt::format("weights of {} with src of {}", to_string(weights.dtype), to_string(src.dtype));
  if (weights.dtype == DType::Int4 && !request.operand(at.weights)->is_constant())
    return "i4 weights are computed at run time";
  if (request.has(at.bias) && request.dtype(at.bias) != DType::Int32 &&
      !(wide && request.dtype(at.bias) == DType::Int64))
    return fmt::format("a bias of {} with src of {}", to_string(request.dtype(at.bias)), to_string(src.dtype));
  return declines_scales(request, at.weights, channels(request));
}

std::string declines_weighted_dynamic(const KernelRequest& request, WeightedOperands at) {
  const DType weights = request.dtype(at.weights);
  if (request.dtype(at.src) != DType::Float32) return "src is not float32";
  if (weights != DType::Int8 && weights != DType::Int4) return "the weights are not i8 or i4";
  if (weights == DType::Int4 && !request.operand(at.weights)->is_constant())
    return "i4 weights are computed at run time";
  if (request.has(at.bias) && request.dtype(at.bias) != DType::Float32) return "the bias is not float32";
  if (std::string reason = declines_scales(request, at.weights, channels(request)); !reason.empty()) return reason;
  return request.type(at.weights).quantization->zero_points.front() == 0 ? "" : "the weights have a zero point";
}

}  // namespace pare
