#include <cmath>

#include "engine/fixed_point.h"
#include "engine/kernel.h"

namespace pare {
namespace {

// Which scale of a quantised tensor an element has.
class ScaleIndex {
 public:
  explicit ScaleIndex(const TensorType& type) {
    const Quantization& quantization = *type.quantization;
    if (quantization.is_per_tensor()) return;
    count_ = static_cast<int64_t>(quantization.scales.size());
    run_ = quantization.block > 0 ? quantization.block : type.shape.elements(quantization.axis + 1, type.shape.rank());
  }
  size_t operator()(int64_t element) const { return count_ == 1 ? 0 : static_cast<size_t>(element / run_ % count_); }

 private:
  int64_t count_ = 1, run_ = 1;  // neighbouring elements that share a scale
};

// Calls run(value of the element type) for the storage types that have a whole number of bytes.
template <class Run>
Expected<std::unique_ptr<Kernel>> with_storage_type(DType dtype, Run run) {
  switch (dtype) {
    case DType::Int8: return run(int8_t{});
    case DType::UInt8: return run(uint8_t{});
    case DType::Int16: return run(int16_t{});
    case DType::Int32: return run(int32_t{});
    default: PARE_CHECK(false, "{} is not a storage type of the kernel", to_string(dtype));
  }
}

bool is_storage_type(DType dtype) {
  return dtype == DType::Int8 || dtype == DType::UInt8 || dtype == DType::Int16 || dtype == DType::Int32;
}

// --- quantize

std::string declines_quantize(const KernelRequest& request) {
  if (!request.result_type().is_quantized()) return "the result has no quantisation parameters";
  if (!is_storage_type(request.result_type().dtype))
    return fmt::format("a result of {}", to_string(request.result_type().dtype));
  return request.dtype() == DType::Float32 ? "" : "src is not float32";
}

Expected<std::unique_ptr<Kernel>> create_quantize(const KernelRequest& request) {
  const TensorType& type = request.result_type();
  return with_storage_type(type.dtype, [&]<class Dst>(Dst) {
    return make_kernel([index = ScaleIndex(type), quantization = *type.quantization,
                        count = type.shape.elements()](const Buffers& buffers) {
      const float* src = buffers.src<float>();
      Dst* dst = buffers.dst<Dst>();
      for (int64_t i = 0; i < count; ++i) {
        const size_t at = index(i);
        const double stored =
            std::round(src[i] / quantization.scales[at]) + static_cast<double>(quantization.zero_points[at]);
        // Not clamp: a NaN becomes the smallest value.
        dst[i] = static_cast<Dst>(std::min<double>(std::max<double>(std::numeric_limits<Dst>::lowest(), stored),
                                                   std::numeric_limits<Dst>::max()));
      }
    });
  });
}

std::string declines_requantize(const KernelRequest& request) {
  if (!request.result_type().is_quantized()) return "the result has no quantisation parameters";
  if (!is_storage_type(request.dtype()) || !is_storage_type(request.result_type().dtype))
    return fmt::format("{} to {}", to_string(request.dtype()), to_string(request.result_type().dtype));
  if (!request.type(0).is_quantized()) return "src has no quantisation parameters";
  if (!request.type(0).quantization->is_per_tensor() || !request.result_type().quantization->is_per_tensor())
    return "more than one scale";
  return "";
}

Expected<std::unique_ptr<Kernel>> create_requantize(const KernelRequest& request) {
  const TensorType &from = request.type(0), &to = request.result_type();
  const FixedMultiplier multiplier =
      to_fixed_multiplier(static_cast<double>(from.quantization->scale()) / to.quantization->scale());
  const auto src_zero = static_cast<int32_t>(from.quantization->zero_point()),
             dst_zero = static_cast<int32_t>(to.quantization->zero_point());
  return with_storage_type(from.dtype, [&]<class Src>(Src) {
    return with_storage_type(to.dtype, [&]<class Dst>(Dst) {
      return make_kernel([=, count = from.shape.elements()](const Buffers& buffers) {
        const Src* src = buffers.src<Src>();
        Dst* dst = buffers.dst<Dst>();
        for (int64_t i = 0; i < count; ++i) {
          const int32_t stored = multiply(static_cast<int32_t>(src[i]) - src_zero, multiplier) + dst_zero;
          dst[i] = static_cast<Dst>(
              std::clamp<int32_t>(stored, std::numeric_limits<Dst>::lowest(), std::numeric_limits<Dst>::max()));
        }
      });
    });
  });
}

// --- dequantize

std::string declines_dequantize(const KernelRequest& request) {
  if (!request.type(0).is_quantized()) return "src has no quantisation parameters";
  return is_storage_type(request.dtype()) ? "" : fmt::format("src is {}", to_string(request.dtype()));
}

template <class Src>
void dequantize(const Src* src, float* dst, int64_t count, const ScaleIndex& index, const Quantization& quantization) {
  for (int64_t i = 0; i < count; ++i) {
    const size_t at = index(i);
    dst[i] = static_cast<float>(quantization.scales[at] * static_cast<double>(src[i] - quantization.zero_points[at]));
  }
}

Expected<std::unique_ptr<Kernel>> create_dequantize(const KernelRequest& request) {
  const TensorType& type = request.type(0);
  return with_storage_type(type.dtype, [&]<class Src>(Src) {
    return make_kernel([index = ScaleIndex(type), quantization = *type.quantization,
                        count = type.shape.elements()](const Buffers& buffers) {
      dequantize(buffers.src<Src>(), buffers.dst<float>(), count, index, quantization);
    });
  });
}

std::string declines_int4(const KernelRequest& request) {
  if (request.dtype() != DType::Int4) return "src is not i4";
  return request.operand(0)->is_constant() ? "" : "src is computed at run time";
}

Expected<std::unique_ptr<Kernel>> create_int4(const KernelRequest& request) {
  const Tensor& src = *request.operand(0)->data;
  Tensor values(DType::Float32, src.shape());
  dequantize(unpack_int4(src.bytes(), src.elements()).data(), values.mutable_values<float>().data(), src.elements(),
             ScaleIndex(request.type(0)), *request.type(0).quantization);
  return make_kernel([values = std::move(values)](const Buffers& buffers) {
    const auto floats = values.values<float>();
    std::copy(floats.begin(), floats.end(), buffers.dst<float>());
  });
}

std::string declines_half(const KernelRequest& request) {
  return request.dtype() == DType::Float16 ? "" : "src is not f16";
}

Expected<std::unique_ptr<Kernel>> create_half(const KernelRequest& request) {
  return make_kernel([count = request.shape(0).elements()](const Buffers& buffers) {
    const Half* src = buffers.src<Half>();
    float* dst = buffers.dst<float>();
    for (int64_t i = 0; i < count; ++i) dst[i] = to_float(src[i]);
  });
}

}  // namespace

ImplementationList exec_quantize() {
  return {{"plain", declines_quantize, create_quantize}, {"requantize", declines_requantize, create_requantize}};
}

ImplementationList exec_dequantize() {
  return {{"plain", declines_dequantize, create_dequantize},
          {"int4", declines_int4, create_int4},
          {"float16", declines_half, create_half}};
}

}  // namespace pare
