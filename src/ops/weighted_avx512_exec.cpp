#include "ops/weighted_avx512_exec.h"

#include <numeric>

#include "engine/avx512/elementwise.h"
#include "engine/avx512/requantize.h"
#include "engine/cpu.h"

namespace pare {
namespace {

std::string declines_activation(Activation activation) {
  return activation == Activation::Tanh ? "tanh is not fused" : "";
}

std::string declines(const KernelRequest& request, Activation activation) {
  if (!request.operand(1)->is_constant()) return "weights are computed at run time";
  return declines_activation(activation);
}

}  // namespace

std::string declines_avx512_f32(const KernelRequest& request, Activation activation) {
  if (std::string reason = missing_avx512(); !reason.empty()) return reason;
  if (std::string reason = declines_non_float(request); !reason.empty()) return reason;
  return declines_activation(activation);
}

std::string declines_avx512_weighted_f32(const KernelRequest& request, Activation activation) {
  if (std::string reason = declines_avx512_f32(request, activation); !reason.empty()) return reason;
  return declines(request, activation);
}

std::string declines_avx512_weighted_i8(const KernelRequest& request, Activation activation) {
  if (std::string reason = missing_avx512_vnni(); !reason.empty()) return reason;
  if (std::string reason = avx512::declines_requantize_i8(request); !reason.empty()) return reason;
  return declines(request, activation);
}

std::string declines_avx512_weighted_dynamic(const KernelRequest& request, Activation activation) {
  if (std::string reason = missing_avx512_vnni(); !reason.empty()) return reason;
  if (std::string reason = declines_weighted_dynamic(request, {.src = 0, .weights = 1, .bias = 2}); !reason.empty())
    return reason;
  if (request.dtype(1) != DType::Int8) return "the weights are not int8";
  return declines(request, activation);
}

DynamicRange dynamic_range(const float* sample, int64_t count, DynamicForm form) {
  const avx512::Extremes ends = avx512::extremes(sample, count);
  return form.asymmetric ? asymmetric_range(ends.lowest, ends.highest)
                         : symmetric_range(std::max(-ends.lowest, ends.highest));
}

std::vector<float> scales_by_channel(const TensorType& weights, int64_t channels) {
  std::vector<float> scales = weights.quantization->scales;
  scales.resize(static_cast<size_t>(channels), scales.front());
  return scales;
}

DynamicWeights::DynamicWeights(const KernelRequest& request, int64_t run_count, int64_t run_length,
                               Activation activation)
    : packed_(request.operand(1)->data->values<int8_t>().data(), request.shape(1)[0], run_count, run_length),
      scales_(scales_by_channel(request.type(1), packed_.n())),
      range_(activation_range(activation)) {
  const auto weights = request.operand(1)->data->values<int8_t>();
  const auto of_channel = static_cast<size_t>(run_count * run_length);
  for (size_t at = 0; at < weights.size(); at += of_channel)
    sums_.push_back(std::accumulate(weights.begin() + static_cast<std::ptrdiff_t>(at),
                                    weights.begin() + static_cast<std::ptrdiff_t>(at + of_channel), int32_t{0}));
}

avx512::EpilogueDynamic DynamicWeights::epilogue(const DynamicRange& rows, const float* bias) const {
  return {sums_.data(), scales_.data(), bias, -(rows.zero_point + 128), rows.scale, range_.lowest, range_.highest};
}

}  // namespace pare
