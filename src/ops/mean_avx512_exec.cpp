// The mean over height and width of NHWC images, which ends most convolutional networks.
#include <algorithm>

#include "engine/avx512/windows.h"
#include "engine/cpu.h"
#include "engine/kernel.h"

namespace pare {
namespace {

using namespace avx512;

template <class Element>
PixelWindow<Element> whole_image(const Shape& src, const Element* image) {
  return {image, src[1], src[2], src[2] * src[3], src[3]};
}

std::string declines(const KernelRequest& request) {
  if (std::string reason = missing_avx512(); !reason.empty()) return reason;
  if (request.shape(0).rank() != 4 || !request.operand(1)->is_constant()) return "not a mean over height and width";
  std::vector<int64_t> axes = to_int64(*request.operand(1)->data);
  for (int64_t& axis : axes) axis = axis < 0 ? axis + 4 : axis;
  std::sort(axes.begin(), axes.end());
  return axes == std::vector<int64_t>{1, 2} ? "" : "not a mean over height and width";
}

std::string declines_f32(const KernelRequest& request) {
  if (request.dtype() != DType::Float32) return "src is not float32";
  return declines(request);
}

std::string declines_i8(const KernelRequest& request) {
  const auto quantized = [](const TensorType& type) {
    return type.dtype == DType::Int8 && type.is_quantized() && type.quantization->is_per_tensor();
  };
  if (!quantized(request.type(0)) || !quantized(request.result_type())) return "not int8";
  return declines(request);
}

Expected<std::unique_ptr<Kernel>> create_f32(const KernelRequest& request) {
  return make_kernel([shape = request.shape(0)](const Buffers& buffers) {
    const int64_t pixels = shape[1] * shape[2];
    for (int64_t n = 0; n < shape[0]; ++n)
      average(whole_image(shape, buffers.src<float>() + n * pixels * shape[3]), 1.f / static_cast<float>(pixels),
              -std::numeric_limits<float>::infinity(), std::numeric_limits<float>::infinity(),
              buffers.dst<float>() + n * shape[3]);
  });
}

Expected<std::unique_ptr<Kernel>> create_i8(const KernelRequest& request) {
  const Quantization& src = *request.type(0).quantization;
  const Quantization& dst = *request.result_type().quantization;
  const double ratio = double{src.scale()} / dst.scale();
  const auto factor = static_cast<float>(ratio / static_cast<double>(request.shape(0)[1] * request.shape(0)[2]));
  const auto offset =
      static_cast<float>(static_cast<double>(dst.zero_point()) - ratio * static_cast<double>(src.zero_point()));
  return make_kernel([shape = request.shape(0), factor, offset](const Buffers& buffers) {
    for (int64_t n = 0; n < shape[0]; ++n)
      average(whole_image(shape, buffers.src<int8_t>() + n * shape.elements(1, 4)), factor, offset, -128, 127,
              buffers.dst<int8_t>() + n * shape[3]);
  });
}

}  // namespace

Implementation avx512_mean_f32() { return {"avx512", declines_f32, create_f32, true}; }
Implementation avx512_mean_i8() { return {"avx512", declines_i8, create_i8, true}; }

}  // namespace pare
