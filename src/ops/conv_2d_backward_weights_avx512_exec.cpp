// The gradient of the weights of conv_2d with a window of one pixel: sums of outer products of pixels of ddst with those that they saw.
#include <algorithm>

#include "engine/avx512/outer_products.h"
#include "engine/cpu.h"
#include "ops/conv_2d_training_exec.h"

namespace pare {
namespace {

using namespace avx512;

// Threads share the images; their sums are added up in a second phase.
class WeightsGradient final : public SharedWork {
 public:
  WeightsGradient(const KernelRequest& request, bool bf16)
      : bf16_(bf16),
        geometry_(weights_gradient_windows(request)),
        plan_(geometry_),
        images_(request.shape(0)[0]),
        outputs_(request.shape(1)[3]),
        elements_(request.result_type().shape.elements()) {}

  int phases() const override { return 2; }

  void run_share(const Buffers& buffers, Share share) const override {
    if (share.phase == 1) return add_shares(buffers, share);
    std::fill_n(sums_of(buffers, share), elements_, 0.f);
    const float *src = buffers.src<float>(0), *ddst = buffers.src<float>(1);
    const int64_t pixels = geometry_.dst_h * geometry_.dst_w, begin = share.begin(images_), end = share.end(images_);
    if (geometry_.is_identity()) return add(buffers, share, src, ddst, begin * pixels, end * pixels);
    for (int64_t image = begin; image < end; ++image)
      add(buffers, share, src + image * geometry_.src_h * geometry_.src_w * geometry_.channels,
          ddst + image * pixels * outputs_, 0, pixels);
  }

  size_t scratch_bytes() const override {
    return sum_bytes() +
           (bf16_ ? static_cast<size_t>(outer_pair_elements(plan_.run_length, outputs_)) : 0) * sizeof(BFloat16);
  }

 private:
  size_t sum_bytes() const { return (static_cast<size_t>(elements_) * sizeof(float) + 63) / 64 * 64; }

  // Pixels [begin, end) of `ddst` with those that they saw.
  void add(const Buffers& buffers, Share share, const float* src, const float* ddst, int64_t begin, int64_t end) const {
    float* sums = sums_of(buffers, share);
    if (!bf16_) return add_outer_products(pixels_of(src), ddst, outputs_, begin, end, sums);
    auto* pairs = reinterpret_cast<BFloat16*>(buffers.scratch_of<std::byte>(share) + sum_bytes());
    add_outer_products(pixels_of(src), ddst, outputs_, begin, end, pairs, sums);
  }

  GatheredRows<float> pixels_of(const float* src) const {
    return {src,
            geometry_.is_identity() ? nullptr : plan_.rows.data(),
            geometry_.channels,
            plan_.runs.data(),
            1,
            plan_.run_length};
  }
  // One share alone needs no place beside the result.
  float* sums_of(const Buffers& buffers, Share share) const {
    return share.count == 1 ? buffers.dst<float>() : buffers.scratch_of<float>(share);
  }

  void add_shares(const Buffers& buffers, Share share) const {
    if (share.count == 1) return;
    const int64_t begin = share.begin(elements_), end = share.end(elements_);
    float* dst = buffers.dst<float>();
    std::copy_n(buffers.scratch_of<float>({}) + begin, end - begin, dst + begin);
    for (int other = 1; other < share.count; ++other) {
      const float* sums = buffers.scratch_of<float>({other});
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) dst[i] += sums[i];
    }
  }

  bool bf16_;
  WindowGeometry geometry_;
  GatherPlan plan_;
  int64_t images_, outputs_, elements_;
};

std::string declines(const KernelRequest& request) {
  if (std::string reason = missing_avx512(); !reason.empty()) return reason;
  if (std::string reason = declines_non_float(request); !reason.empty()) return reason;
  const Shape& weights = request.result_type().shape;
  if (weights[1] != 1 || weights[2] != 1) return "oneDNN is faster with larger windows";
  return weights[3] == request.shape(0)[3] ? "" : "grouped";
}

std::string declines_bf16(const KernelRequest& request) {
  if (std::string reason = declines_bf16_products(request); !reason.empty()) return reason;
  if (request.result_type().shape.elements() < 2048) return "too few weights to gain from rounding";
  return declines(request);
}

template <bool bf16>
Expected<std::unique_ptr<Kernel>> create(const KernelRequest& request) {
  return std::make_unique<WeightsGradient>(request, bf16);
}

}  // namespace

Implementation avx512_conv_2d_backward_weights() { return {"avx512", declines, create<false>, true}; }
Implementation avx512_conv_2d_backward_weights_bf16() { return {"avx512 bf16", declines_bf16, create<true>, true}; }

}  // namespace pare
