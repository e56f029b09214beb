// The convolution kernel for 3 x 3 windows of stride 1 (see engine/avx512/winograd.h).
#include "engine/kernel.h"
#include "ops/activation.h"
#include "ops/conv_2d_training_exec.h"
#include "ops/kernel_weights.h"
#include "ops/weighted_avx512_exec.h"

namespace pare {
namespace {

using namespace avx512;

class WinogradKernel final : public SharedWork {
 public:
  WinogradKernel(const Value& weights, const WeightPlaces& places, const WindowGeometry& geometry, WinogradTile tile,
                 int64_t images, int64_t n, RealRange range)
      : geometry_(geometry),
        winograd_(make_winograd(geometry_, n, tile)),
        filters_(weights, n, winograd_->weights_elements(),
                 [places, winograd = winograd_](const float* from, int64_t begin, int64_t end, float* to) {
                   winograd->transform_filters(from, places, begin, end, to);
                 }),
        images_(images),
        n_(n),
        range_(range) {}

  int phases() const override { return filters_.phases(); }

  void run_share(const Buffers& buffers, Share share) const override {
    if (filters_.ordered_in(share, buffers.src<float>(1), buffers)) return;
    auto* scratch = buffers.scratch_of<std::byte>(share) + filters_.scratch_bytes();
    auto* padded = reinterpret_cast<float*>(scratch + winograd_->scratch_bytes());
    const int64_t result = geometry_.dst_h * geometry_.dst_w * n_;
    const float *bias = buffers.src<float>(2), *addend = buffers.src<float>(3);
    const auto convolve = [&](int64_t image, int64_t from, int64_t to) {
      winograd_->run(padded, filters_.data(buffers),
                     {bias, addend == nullptr ? nullptr : addend + image * result, range_.lowest, range_.highest}, from,
                     to, scratch, buffers.dst<float>() + image * result);
    };
    for_each_padded_image(*winograd_, geometry_, images_, buffers.src<float>(), share, padded, convolve);
  }

  size_t scratch_bytes() const override {
    const WindowGeometry& image = winograd_->padded_geometry();
    return filters_.scratch_bytes() + winograd_->scratch_bytes() +
           static_cast<size_t>(image.padded_h() * image.padded_w() * image.channels) * sizeof(float);
  }
  bool in_place(size_t operand) const override { return operand == 3; }

 private:
  WindowGeometry geometry_;
  std::shared_ptr<const Winograd> winograd_;
  OrderedWeights<float> filters_;
  int64_t images_, n_;
  RealRange range_;
};

// Weights, and the pixels of the result.
std::string declines_extents(const Shape& weights, const Shape& dst) {
  if (weights[1] != 3 || weights[2] != 3) return "the window is not 3 x 3";
  if (weights[0] % 16 != 0 || weights[3] % 16 != 0) return "channels are not multiples of 16";
  return dst.elements(1, 3) < 16 ? "too few pixels to gain from it" : "";
}

std::string declines(const KernelRequest& request) {
  const auto& attributes = request.node.attrs<Conv2dAttributes>();
  if (std::string reason = declines_avx512_f32(request, attributes.activation); !reason.empty()) return reason;
  if (attributes.stride_h != 1 || attributes.stride_w != 1 || attributes.dilation_h != 1 || attributes.dilation_w != 1)
    return "strides or dilations";
  if (request.shape(1)[3] != request.shape(0)[3]) return "grouped";
  return declines_extents(request.shape(1), request.result_type().shape);
}

std::string declines_backward_src(const KernelRequest& request) {
  if (std::string reason = declines_avx512_f32(request, Activation::None); !reason.empty()) return reason;
  if (request.shape(1)[3] != request.result_type().shape[3]) return "grouped";
  if (std::string reason = declines_turned_convolution(request); !reason.empty()) return reason;
  return declines_extents(request.shape(1), request.result_type().shape);
}

// Weights that change belong to a step of training, which the rounding of large tiles does not disturb. Results of inference are compared
// with those of other runtimes and keep the small ones.
Expected<std::unique_ptr<Kernel>> create(const KernelRequest& request) {
  const Value& weights = *request.operand(1);
  const WinogradTile tile = weights.is_constant() ? WinogradTile::Two : WinogradTile::Four;
  return std::make_unique<WinogradKernel>(weights, conv_2d_places(request), conv_2d_windows(request), tile,
                                          request.shape(0)[0], request.shape(1)[0],
                                          activation_range(conv_2d_activation(request)));
}

Expected<std::unique_ptr<Kernel>> create_backward_src(const KernelRequest& request) {
  const Shape& weights = request.shape(1);
  return std::make_unique<WinogradKernel>(*request.operand(1), WeightPlaces::turned(weights[0], 3, 3, weights[3]),
                                          turned_windows(request), WinogradTile::Four, request.shape(0)[0], weights[3],
                                          activation_range(Activation::None));
}

}  // namespace

Implementation avx512_conv_2d_winograd() { return {"avx512 winograd", declines, create, true, true}; }
Implementation avx512_conv_2d_backward_src_winograd() {
  return {"avx512 winograd", declines_backward_src, create_backward_src, true};
}

}  // namespace pare
