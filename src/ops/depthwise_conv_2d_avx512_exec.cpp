#include "engine/avx512/depthwise.h"
#include "engine/avx512/requantize.h"
#include "engine/cpu.h"
#include "engine/kernel.h"
#include "ops/activation.h"
#include "ops/depthwise_conv_2d.h"

namespace pare {
namespace {

using namespace avx512;

// Padded rows that are copied at a time: they stay in the first-level cache until they are used.
constexpr int64_t kBandBytes = 32 << 10;

WindowGeometry geometry_of(const KernelRequest& request) {
  const auto& attributes = request.node.attrs<DepthwiseConv2dAttributes>();
  return window_geometry(request.shape(0), request.result_type().shape, attributes.window_h(request.shape(1)[1]),
                         attributes.window_w(request.shape(1)[2]), attributes.padding);
}

// Walks images in bands of rows. Depthwise does the arithmetic (avx512::DepthwiseF32 or DepthwiseI8).
template <class Depthwise, class Element>
class DepthwiseKernel final : public Kernel {
 public:
  DepthwiseKernel(const KernelRequest& request, Depthwise depthwise, Element fill)
      : geometry_(geometry_of(request)), depthwise_(std::move(depthwise)), images_(request.shape(0)[0]), fill_(fill) {
    const int64_t row_bytes = geometry_.padded_w() * geometry_.channels * static_cast<int64_t>(sizeof(Element));
    const int64_t rows_in_band = std::max(geometry_.h.span(), kBandBytes / std::max<int64_t>(row_bytes, 1));
    band_ = std::clamp<int64_t>((rows_in_band - geometry_.h.span()) / geometry_.h.stride + 1, 1,
                                std::max<int64_t>(geometry_.dst_h, 1));
  }

  void run(const Buffers& buffers) const override { run_share(buffers, {}); }

  void run_share(const Buffers& buffers, Share share) const override {
    const int64_t begin = share.begin(images_ * geometry_.dst_h), end = share.end(images_ * geometry_.dst_h);
    for (int64_t at = begin; at < end;) {
      const int64_t image = at / geometry_.dst_h, y = at % geometry_.dst_h;
      const int64_t rows = std::min({band_, geometry_.dst_h - y, end - at});
      const Element* src = buffers.src<Element>() + image * geometry_.src_h * geometry_.src_w * geometry_.channels;
      const RowRange read = rows_read(geometry_, y, y + rows);
      if (geometry_.is_padded()) {
        auto* padded =
            reinterpret_cast<Element*>(buffers.scratch + buffers.scratch_stride * static_cast<size_t>(share.index));
        pad_rows(geometry_, src, fill_, read, padded);
        src = padded;
      } else {
        src += read.begin * geometry_.src_w * geometry_.channels;
      }
      depthwise_.run(src, rows, buffers.dst<Element>() + at * geometry_.dst_w * geometry_.channels);
      at += rows;
    }
  }

  size_t scratch_bytes() const override {
    if (!geometry_.is_padded()) return 0;
    const RowRange rows = rows_read(geometry_, 0, band_);
    return static_cast<size_t>((rows.end - rows.begin) * geometry_.padded_w() * geometry_.channels) * sizeof(Element);
  }

 private:
  WindowGeometry geometry_;
  Depthwise depthwise_;
  int64_t images_, band_;
  Element fill_;
};

std::string declines(const KernelRequest& request) {
  if (!request.operand(1)->is_constant()) return "weights are computed at run time";
  if (request.has(2) && !request.operand(2)->is_constant()) return "the bias is computed at run time";
  if (request.shape(1)[3] != request.shape(0)[3]) return "several output channels for each input channel";
  if (request.node.attrs<DepthwiseConv2dAttributes>().activation == Activation::Tanh) return "tanh is not fused";
  return "";
}

std::string declines_f32(const KernelRequest& request) {
  if (std::string reason = missing_avx512(); !reason.empty()) return reason;
  if (!request.all_float()) return "operands are not all float32";
  return declines(request);
}

std::string declines_i8(const KernelRequest& request) {
  if (std::string reason = missing_avx512_vnni(); !reason.empty()) return reason;
  if (std::string reason = declines_requantize_i8(request); !reason.empty()) return reason;
  return declines(request);
}

Expected<std::unique_ptr<Kernel>> create_f32(const KernelRequest& request) {
  const RealRange range = activation_range(request.node.attrs<DepthwiseConv2dAttributes>().activation);
  const float* bias = request.has(2) ? request.operand(2)->data->values<float>().data() : nullptr;
  DepthwiseF32 depthwise(geometry_of(request), request.operand(1)->data->values<float>().data(), bias, range.lowest,
                         range.highest);
  return std::make_unique<DepthwiseKernel<DepthwiseF32, float>>(request, std::move(depthwise), 0.f);
}

Expected<std::unique_ptr<Kernel>> create_i8(const KernelRequest& request) {
  const int64_t channels = request.shape(1)[3];
  const RequantizeI8 requantize(request, {channels, 1, request.shape(1).elements(1, 3), channels},
                                request.node.attrs<DepthwiseConv2dAttributes>().activation);
  DepthwiseI8 depthwise(geometry_of(request), request.operand(1)->data->values<int8_t>().data(), requantize.epilogue());
  const auto zero_point = static_cast<int8_t>(request.type(0).quantization->zero_point());
  return std::make_unique<DepthwiseKernel<DepthwiseI8, int8_t>>(request, std::move(depthwise), zero_point);
}

}  // namespace

Implementation avx512_depthwise_conv_2d_f32() { return {"avx512", declines_f32, create_f32, true}; }
Implementation avx512_depthwise_conv_2d_i8() { return {"avx512 vnni", declines_i8, create_i8, true}; }

}  // namespace pare
