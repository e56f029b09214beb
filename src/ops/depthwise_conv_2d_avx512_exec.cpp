#include "engine/avx512/depthwise.h"
#include "engine/avx512/elementwise.h"
#include "engine/avx512/requantize.h"
#include "ops/conv_2d_exec.h"
#include "ops/weighted_avx512_exec.h"

namespace pare {
namespace {

using namespace avx512;

// Depthwise does the arithmetic (avx512::DepthwiseF32 or DepthwiseI8). With `dynamic`, an image of floats is first replaced by what
// its 8-bit codes stand for, by every thread that computes a part of it.
template <class Depthwise, class Element>
class DepthwiseKernel final : public Kernel {
 public:
  DepthwiseKernel(const KernelRequest& request, Depthwise depthwise, Element fill, bool dynamic = false)
      : depthwise_(std::move(depthwise)),
        images_(request.shape(0)[0]),
        image_elements_(request.shape(0).elements(1, 4)),
        dst_h_(request.result_type().shape[1]),
        dst_row_(request.result_type().shape.elements(2, 4)),
        fill_(fill),
        dynamic_(dynamic) {}

  void run(const Buffers& buffers) const override { run_share(buffers, {}); }

  void run_share(const Buffers& buffers, Share share) const override {
    auto* scratch = buffers.scratch_of<Element>(share);
    const int64_t begin = share.begin(images_ * dst_h_), end = share.end(images_ * dst_h_);
    for (int64_t at = begin; at < end;) {
      const int64_t image = at / dst_h_, y = at % dst_h_, rows = std::min(dst_h_ - y, end - at);
      const Element* src = prepared(buffers.src<Element>() + image * image_elements_, scratch);
      depthwise_.run(src, fill_, y, rows, buffers.dst<Element>() + at * dst_row_,
                     scratch + (dynamic_ ? image_elements_ : 0));
      at += rows;
    }
  }

  size_t scratch_bytes() const override {
    return static_cast<size_t>(depthwise_.scratch_elements() + (dynamic_ ? image_elements_ : 0)) * sizeof(Element);
  }

 private:
  const Element* prepared(const Element* image, Element* scratch) const {
    if constexpr (std::is_same_v<Element, float>)
      if (dynamic_) {
        const DynamicRange range = dynamic_range(image, image_elements_, kDepthwiseDynamicForm);
        quantize_and_restore(image, range, image_elements_, scratch);
        return scratch;
      }
    return image;
  }

  Depthwise depthwise_;
  int64_t images_, image_elements_, dst_h_, dst_row_;
  Element fill_;
  bool dynamic_;
};

std::string declines_operands(const KernelRequest& request) {
  if (request.has(2) && !request.operand(2)->is_constant()) return "the bias is computed at run time";
  if (request.shape(1)[3] != request.shape(0)[3]) return "several output channels for each input channel";
  return declines_padding(request);
}

std::string declines_f32(const KernelRequest& request) {
  std::string reason = declines_avx512_weighted_f32(request, conv_2d_activation(request));
  return reason.empty() ? declines_operands(request) : reason;
}

std::string declines_i8(const KernelRequest& request) {
  std::string reason = declines_avx512_weighted_i8(request, conv_2d_activation(request));
  return reason.empty() ? declines_operands(request) : reason;
}

std::string declines_dynamic(const KernelRequest& request) {
  std::string reason = declines_avx512_weighted_dynamic(request, conv_2d_activation(request));
  return reason.empty() ? declines_operands(request) : reason;
}

DepthwiseF32 depthwise_f32(const KernelRequest& request, const float* weights) {
  const RealRange range = activation_range(conv_2d_activation(request));
  const float* bias = request.has(2) ? request.operand(2)->data->values<float>().data() : nullptr;
  return {conv_2d_windows(request), weights, bias, range.lowest, range.highest};
}

Expected<std::unique_ptr<Kernel>> create_f32(const KernelRequest& request) {
  return std::make_unique<DepthwiseKernel<DepthwiseF32, float>>(
      request, depthwise_f32(request, request.operand(1)->data->values<float>().data()), 0.f);
}

Expected<std::unique_ptr<Kernel>> create_dynamic(const KernelRequest& request) {
  const auto codes = request.operand(1)->data->values<int8_t>();
  const std::vector<float> scales = scales_by_channel(request.type(1), request.shape(1)[3]);
  std::vector<float> weights(codes.size());
  for (size_t i = 0; i < codes.size(); ++i) weights[i] = static_cast<float>(codes[i]) * scales[i % scales.size()];
  return std::make_unique<DepthwiseKernel<DepthwiseF32, float>>(request, depthwise_f32(request, weights.data()), 0.f,
                                                                /*dynamic=*/true);
}

Expected<std::unique_ptr<Kernel>> create_i8(const KernelRequest& request) {
  const int64_t channels = request.shape(1)[3];
  const RequantizeI8 requantize(request, {channels, 1, request.shape(1).elements(1, 3), channels},
                                conv_2d_activation(request));
  DepthwiseI8 depthwise(conv_2d_windows(request), request.operand(1)->data->values<int8_t>().data(),
                        requantize.epilogue());
  const auto zero_point = static_cast<int8_t>(request.type(0).quantization->zero_point());
  return std::make_unique<DepthwiseKernel<DepthwiseI8, int8_t>>(request, std::move(depthwise), zero_point);
}

}  // namespace

Implementation avx512_depthwise_conv_2d_f32() { return {"avx512", declines_f32, create_f32, true}; }
Implementation avx512_depthwise_conv_2d_dynamic() { return {"avx512 dynamic", declines_dynamic, create_dynamic, true}; }
Implementation avx512_depthwise_conv_2d_i8() { return {"avx512 vnni", declines_i8, create_i8, true}; }

}  // namespace pare
