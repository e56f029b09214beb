#include "engine/avx512/depthwise.h"
#include "engine/avx512/elementwise.h"
#include "engine/avx512/requantize.h"
#include "ops/conv_2d_training_exec.h"
#include "ops/weighted_avx512_exec.h"

namespace pare {
namespace {

using namespace avx512;

// Filters in float: packed once where weights and bias are constant, else by each thread before it begins (they are few).
class FiltersF32 {
 public:
  FiltersF32(DepthwiseF32 depthwise, bool turned) : depthwise_(std::move(depthwise)), turned_(turned) {}
  FiltersF32(DepthwiseF32 depthwise, const float* weights, const float* bias)
      : FiltersF32(std::move(depthwise), false) {
    kept_ = AlignedBytes(static_cast<size_t>(depthwise_.filter_elements()) * sizeof(float));
    depthwise_.pack(weights, bias, turned_, reinterpret_cast<float*>(kept_.data()));
  }

  int64_t packed_elements() const { return kept_.data() == nullptr ? depthwise_.filter_elements() : 0; }
  void pack(const Buffers& buffers, float* packed) const {
    if (packed_elements() > 0) depthwise_.pack(buffers.src<float>(1), buffers.src<float>(2), turned_, packed);
  }
  int64_t scratch_elements() const { return depthwise_.scratch_elements(); }
  void run(const float* packed, const float* image, float fill, int64_t first, int64_t rows, float* dst,
           float* scratch) const {
    const float* filters = packed_elements() > 0 ? packed : reinterpret_cast<const float*>(kept_.data());
    depthwise_.run(image, filters, fill, first, rows, dst, scratch);
  }

 private:
  DepthwiseF32 depthwise_;
  bool turned_;
  AlignedBytes kept_;
};

// Those in bytes are always constant.
class FiltersI8 {
 public:
  explicit FiltersI8(DepthwiseI8 depthwise) : depthwise_(std::move(depthwise)) {}

  static int64_t packed_elements() { return 0; }
  static void pack(const Buffers&, int8_t*) {}
  int64_t scratch_elements() const { return depthwise_.scratch_elements(); }
  void run(const int8_t*, const int8_t* image, int8_t fill, int64_t first, int64_t rows, int8_t* dst,
           int8_t* scratch) const {
    depthwise_.run(image, fill, first, rows, dst, scratch);
  }

 private:
  DepthwiseI8 depthwise_;
};

// Filters does the arithmetic. With `dynamic`, an image of floats is first replaced by what its 8-bit codes stand for, by every thread
// that computes a part of it.
template <class Filters, class Element>
class DepthwiseKernel final : public SharedWork {
 public:
  DepthwiseKernel(const KernelRequest& request, Filters filters, Element fill, bool dynamic = false)
      : filters_(std::move(filters)),
        images_(request.shape(0)[0]),
        image_elements_(request.shape(0).elements(1, 4)),
        dst_h_(request.result_type().shape[1]),
        dst_row_(request.result_type().shape.elements(2, 4)),
        fill_(fill),
        dynamic_(dynamic) {}

  void run_share(const Buffers& buffers, Share share) const override {
    auto *packed = buffers.scratch_of<Element>(share), *scratch = packed + filters_.packed_elements();
    filters_.pack(buffers, packed);
    const int64_t begin = share.begin(images_ * dst_h_), end = share.end(images_ * dst_h_);
    for (int64_t at = begin; at < end;) {
      const int64_t image = at / dst_h_, y = at % dst_h_, rows = std::min(dst_h_ - y, end - at);
      const Element* src = prepared(buffers.src<Element>() + image * image_elements_, scratch);
      filters_.run(packed, src, fill_, y, rows, buffers.dst<Element>() + at * dst_row_,
                   scratch + (dynamic_ ? image_elements_ : 0));
      at += rows;
    }
  }

  size_t scratch_bytes() const override {
    return static_cast<size_t>(filters_.packed_elements() + filters_.scratch_elements() +
                               (dynamic_ ? image_elements_ : 0)) *
           sizeof(Element);
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

  Filters filters_;
  int64_t images_, image_elements_, dst_h_, dst_row_;
  Element fill_;
  bool dynamic_;
};

std::string declines_operands(const KernelRequest& request) {
  if (request.shape(1)[3] != request.shape(0)[3]) return "several output channels for each input channel";
  return declines_padding(request);
}

std::string declines_f32(const KernelRequest& request) {
  std::string reason = declines_avx512_f32(request, conv_2d_activation(request));
  return reason.empty() ? declines_operands(request) : reason;
}

std::string declines_bias(const KernelRequest& request) {
  return request.has(2) && !request.operand(2)->is_constant() ? "the bias is computed at run time" : "";
}

std::string declines_i8(const KernelRequest& request) {
  if (std::string reason = declines_bias(request); !reason.empty()) return reason;
  std::string reason = declines_avx512_weighted_i8(request, conv_2d_activation(request));
  return reason.empty() ? declines_operands(request) : reason;
}

std::string declines_dynamic(const KernelRequest& request) {
  if (std::string reason = declines_bias(request); !reason.empty()) return reason;
  std::string reason = declines_avx512_weighted_dynamic(request, conv_2d_activation(request));
  return reason.empty() ? declines_operands(request) : reason;
}

std::string declines_backward_src(const KernelRequest& request) {
  if (std::string reason = declines_avx512_f32(request, Activation::None); !reason.empty()) return reason;
  if (request.shape(0)[3] != request.result_type().shape[3]) return "several output channels for each input channel";
  return declines_turned_convolution(request);
}

using KernelF32 = DepthwiseKernel<FiltersF32, float>;

DepthwiseF32 depthwise_f32(const KernelRequest& request) {
  const RealRange range = activation_range(conv_2d_activation(request));
  return {conv_2d_windows(request), range.lowest, range.highest};
}

const float* constant_bias(const KernelRequest& request) {
  return request.has(2) ? request.operand(2)->data->values<float>().data() : nullptr;
}

Expected<std::unique_ptr<Kernel>> create_f32(const KernelRequest& request) {
  const bool constant = request.operand(1)->is_constant() && (!request.has(2) || request.operand(2)->is_constant());
  if (!constant) return std::make_unique<KernelF32>(request, FiltersF32(depthwise_f32(request), /*turned=*/false), 0.f);
  const float* weights = request.operand(1)->data->values<float>().data();
  return std::make_unique<KernelF32>(request, FiltersF32(depthwise_f32(request), weights, constant_bias(request)), 0.f);
}

// The gradient of the image is the convolution of ddst with the window turned round.
Expected<std::unique_ptr<Kernel>> create_backward_src(const KernelRequest& request) {
  const RealRange range = activation_range(Activation::None);
  return std::make_unique<KernelF32>(
      request, FiltersF32({turned_windows(request), range.lowest, range.highest}, /*turned=*/true), 0.f);
}

Expected<std::unique_ptr<Kernel>> create_dynamic(const KernelRequest& request) {
  const auto codes = request.operand(1)->data->values<int8_t>();
  const std::vector<float> scales = scales_by_channel(request.type(1), request.shape(1)[3]);
  std::vector<float> weights(codes.size());
  for (size_t i = 0; i < codes.size(); ++i) weights[i] = static_cast<float>(codes[i]) * scales[i % scales.size()];
  return std::make_unique<KernelF32>(
      request, FiltersF32(depthwise_f32(request), weights.data(), constant_bias(request)), 0.f, /*dynamic=*/true);
}

Expected<std::unique_ptr<Kernel>> create_i8(const KernelRequest& request) {
  const int64_t channels = request.shape(1)[3];
  const RequantizeI8 requantize(request, {channels, 1, request.shape(1).elements(1, 3), channels},
                                conv_2d_activation(request));
  DepthwiseI8 depthwise(conv_2d_windows(request), request.operand(1)->data->values<int8_t>().data(),
                        requantize.epilogue());
  const auto zero_point = static_cast<int8_t>(request.type(0).quantization->zero_point());
  return std::make_unique<DepthwiseKernel<FiltersI8, int8_t>>(request, FiltersI8(std::move(depthwise)), zero_point);
}

}  // namespace

Implementation avx512_depthwise_conv_2d_f32() { return {"avx512", declines_f32, create_f32, true}; }
Implementation avx512_depthwise_conv_2d_backward_src() {
  return {"avx512", declines_backward_src, create_backward_src, true};
}
Implementation avx512_depthwise_conv_2d_dynamic() { return {"avx512 dynamic", declines_dynamic, create_dynamic, true}; }
Implementation avx512_depthwise_conv_2d_i8() { return {"avx512 vnni", declines_i8, create_i8, true}; }

}  // namespace pare
