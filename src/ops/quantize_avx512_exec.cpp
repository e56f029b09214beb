#include "engine/avx512/elementwise.h"
#include "engine/cpu.h"
#include "engine/kernel.h"

namespace pare {
namespace {

bool is_int8(const TensorType& type) {
  return type.dtype == DType::Int8 && type.is_quantized() && type.quantization->is_per_tensor();
}

std::string declines_quantize(const KernelRequest& request) {
  if (std::string reason = missing_avx512(); !reason.empty()) return reason;
  return request.dtype() == DType::Float32 && is_int8(request.result_type()) ? "" : "not from float32 to int8";
}

std::string declines_dequantize(const KernelRequest& request) {
  if (std::string reason = missing_avx512(); !reason.empty()) return reason;
  return is_int8(request.type(0)) && request.result_type().dtype == DType::Float32 ? "" : "not from int8 to float32";
}

Expected<std::unique_ptr<Kernel>> create_quantize(const KernelRequest& request) {
  const Quantization& dst = *request.result_type().quantization;
  return make_kernel([scale = dst.scale(), zero_point = static_cast<int32_t>(dst.zero_point()),
                      count = request.shape(0).elements()](const Buffers& buffers) {
    avx512::quantize(buffers.src<float>(), scale, zero_point, count, buffers.dst<int8_t>());
  });
}

Expected<std::unique_ptr<Kernel>> create_dequantize(const KernelRequest& request) {
  const Quantization& src = *request.type(0).quantization;
  return make_kernel([scale = src.scale(), zero_point = static_cast<int32_t>(src.zero_point()),
                      count = request.shape(0).elements()](const Buffers& buffers) {
    avx512::dequantize(buffers.src<int8_t>(), scale, zero_point, count, buffers.dst<float>());
  });
}

}  // namespace

Implementation avx512_quantize() { return {"avx512", declines_quantize, create_quantize, true}; }
Implementation avx512_dequantize() { return {"avx512", declines_dequantize, create_dequantize, true}; }

}  // namespace pare
