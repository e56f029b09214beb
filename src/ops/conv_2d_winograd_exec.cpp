// The convolution kernel for 3 x 3 windows of stride 1 (see engine/avx512/winograd.h).
#include "engine/avx512/winograd.h"
#include "engine/kernel.h"
#include "ops/activation.h"
#include "ops/conv_2d_exec.h"
#include "ops/weighted_avx512_exec.h"

namespace pare {
namespace {

using namespace avx512;

class WinogradKernel final : public Kernel {
 public:
  explicit WinogradKernel(const KernelRequest& request)
      : geometry_(conv_2d_windows(request)),
        winograd_(geometry_, request.operand(1)->data->values<float>().data(), request.shape(1)[0]),
        images_(request.shape(0)[0]),
        n_(request.shape(1)[0]),
        range_(activation_range(conv_2d_activation(request))) {}

  void run(const Buffers& buffers) const override { run_share(buffers, {}); }

  void run_share(const Buffers& buffers, Share share) const override {
    auto* scratch = buffers.scratch_of<std::byte>(share);
    auto* padded = reinterpret_cast<float*>(scratch + winograd_.scratch_bytes());
    const WindowGeometry& image = winograd_.padded_geometry();
    const int64_t rows = winograd_.tile_rows(), result = geometry_.dst_h * geometry_.dst_w * n_;
    const int64_t begin = share.begin(images_ * rows), end = share.end(images_ * rows);
    for (int64_t i = begin / rows; i * rows < end; ++i) {
      const int64_t from = std::max<int64_t>(0, begin - i * rows), to = std::min(rows, end - i * rows);
      const RowRange read{2 * from, 2 * to + 2};
      pad_rows(image, buffers.src<float>() + i * geometry_.src_h * geometry_.src_w * geometry_.channels, 0.f, read,
               padded + read.begin * image.padded_w() * image.channels);
      const float* addend = buffers.src<float>(3);
      winograd_.run(
          padded,
          {buffers.src<float>(2), addend == nullptr ? nullptr : addend + i * result, range_.lowest, range_.highest},
          from, to, scratch, buffers.dst<float>() + i * result);
    }
  }

  size_t scratch_bytes() const override {
    const WindowGeometry& image = winograd_.padded_geometry();
    return winograd_.scratch_bytes() +
           static_cast<size_t>(image.padded_h() * image.padded_w() * image.channels) * sizeof(float);
  }
  bool in_place(size_t operand) const override { return operand == 3; }

 private:
  WindowGeometry geometry_;
  WinogradF32 winograd_;
  int64_t images_, n_;
  RealRange range_;
};

std::string declines(const KernelRequest& request) {
  const auto& attributes = request.node.attrs<Conv2dAttributes>();
  if (std::string reason = declines_avx512_weighted_f32(request, attributes.activation); !reason.empty()) return reason;
  const Shape& weights = request.shape(1);
  if (weights[1] != 3 || weights[2] != 3) return "the window is not 3 x 3";
  if (attributes.stride_h != 1 || attributes.stride_w != 1 || attributes.dilation_h != 1 || attributes.dilation_w != 1)
    return "strides or dilations";
  if (weights[3] != request.shape(0)[3]) return "grouped";
  if (weights[0] % 16 != 0 || weights[3] % 16 != 0) return "channels are not multiples of 16";
  if (request.result_type().shape.elements(1, 3) < 16) return "too few pixels to gain from it";
  return "";
}

Expected<std::unique_ptr<Kernel>> create(const KernelRequest& request) {
  return std::make_unique<WinogradKernel>(request);
}

}  // namespace

Implementation avx512_conv_2d_winograd() { return {"avx512 winograd", declines, create, true, true}; }

}  // namespace pare
