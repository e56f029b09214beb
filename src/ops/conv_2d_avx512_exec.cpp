#include "engine/avx512/gather.h"
#include "engine/avx512/product_f32.h"
#include "engine/cpu.h"
#include "engine/kernel.h"
#include "ops/activation.h"
#include "ops/conv_2d.h"

namespace pare {
namespace {

using namespace avx512;

class ConvF32 final : public Kernel {
 public:
  explicit ConvF32(const KernelRequest& request)
      : geometry_(geometry(request)), plan_(geometry_), images_(request.shape(0)[0]),
        weights_(request.operand(1)->data->values<float>().data(), request.shape(1)[0], request.shape(1).elements(1, 4)),
        range_(activation_range(request.node.attrs<Conv2dAttributes>().activation)) {}

  void run(const Buffers& buffers) const override { run_share(buffers, {}); }

  void run_share(const Buffers& buffers, Share share) const override {
    const int64_t pixels = geometry_.dst_h * geometry_.dst_w;
    const int64_t begin = share.begin(images_ * pixels), end = share.end(images_ * pixels);
    if (geometry_.is_identity()) {
      product_f32({buffers.src<float>(), nullptr, geometry_.channels, plan_.runs.data(), 1, plan_.run_length}, weights_, epilogue(buffers, 0), begin, end,
                  buffers.dst<float>());
      return;
    }
    for (int64_t image = begin / pixels; image * pixels < end; ++image) {
      const int64_t from = std::max<int64_t>(0, begin - image * pixels), to = std::min(pixels, end - image * pixels);
      const float* src = buffers.src<float>() + image * geometry_.src_h * geometry_.src_w * geometry_.channels;
      if (geometry_.is_padded()) {
        auto* padded = reinterpret_cast<float*>(buffers.scratch + buffers.scratch_stride * static_cast<size_t>(share.index));
        pad_image(geometry_, src, 0.f, from / geometry_.dst_w, (to + geometry_.dst_w - 1) / geometry_.dst_w, padded);
        src = padded;
      }
      product_f32({src, plan_.rows.data(), 0, plan_.runs.data(), static_cast<int64_t>(plan_.runs.size()), plan_.run_length}, weights_,
                  epilogue(buffers, image * pixels * weights_.n()), from, to, buffers.dst<float>() + image * pixels * weights_.n());
    }
  }

  size_t scratch_bytes() const override {
    return geometry_.is_padded() ? static_cast<size_t>(geometry_.padded_h() * geometry_.padded_w() * geometry_.channels) * sizeof(float) : 0;
  }
  bool in_place(size_t operand) const override { return operand == 3; }  // the addend is read just before the result is written

 private:
  static WindowGeometry geometry(const KernelRequest& request) {
    const auto& attributes = request.node.attrs<Conv2dAttributes>();
    return window_geometry(request.shape(0), request.result_type().shape, attributes.window_h(request.shape(1)[1]),
                           attributes.window_w(request.shape(1)[2]), attributes.padding);
  }
  EpilogueF32 epilogue(const Buffers& buffers, int64_t offset) const {
    const float* addend = buffers.src<float>(3);
    return {buffers.src<float>(2), addend == nullptr ? nullptr : addend + offset, range_.lowest, range_.highest};
  }

  WindowGeometry geometry_;
  GatherPlan plan_;
  int64_t images_;
  PackedF32 weights_;
  RealRange range_;
};

std::string declines(const KernelRequest& request) {
  if (std::string reason = missing_avx512(); !reason.empty()) return reason;
  if (!request.all_float()) return "operands are not all float32";
  if (!request.operand(1)->is_constant()) return "weights are computed at run time";
  if (request.shape(1)[3] != request.shape(0)[3]) return "grouped";
  if (request.node.attrs<Conv2dAttributes>().activation == Activation::Tanh) return "tanh is not fused";
  return "";
}

Expected<std::unique_ptr<Kernel>> create(const KernelRequest& request) { return std::make_unique<ConvF32>(request); }

}  // namespace

Implementation avx512_conv_2d_f32() { return {"avx512", declines, create, true}; }

}  // namespace pare
