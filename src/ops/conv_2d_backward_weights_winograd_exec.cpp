// The gradient of the weights of conv_2d with windows of 3 x 3 and stride 1 (see engine/avx512/winograd.h).
#include <algorithm>

#include "engine/cpu.h"
#include "ops/conv_2d_training_exec.h"

namespace pare {
namespace {

using namespace avx512;

// Threads share the rows of tiles of all images; their sums are added up and transformed back in a second phase, by filters.
class WinogradWeightsGradient final : public SharedWork {
 public:
  explicit WinogradWeightsGradient(const KernelRequest& request)
      : geometry_(weights_gradient_windows(request)),
        images_(request.shape(0)[0]),
        filters_(request.shape(1)[3]),
        winograd_(make_winograd(geometry_, filters_, WinogradTile::Four)) {}

  int phases() const override { return 2; }

  void run_share(const Buffers& buffers, Share share) const override {
    if (share.phase == 0)
      add_images(buffers, share);
    else
      finish(buffers, share);
  }

  size_t scratch_bytes() const override {
    return static_cast<size_t>(sum_elements() + padded_elements()) * sizeof(float) + winograd_->scratch_bytes();
  }

 private:
  int64_t sum_elements() const { return winograd_->filter_gradient_matrices() * filters_ * geometry_.channels; }
  int64_t padded_elements() const {
    const WindowGeometry& image = winograd_->padded_geometry();
    return image.padded_h() * image.padded_w() * image.channels;
  }

  void add_images(const Buffers& buffers, Share share) const {
    float* sums = buffers.scratch_of<float>(share);
    float* padded = sums + sum_elements();
    auto* scratch = reinterpret_cast<std::byte*>(padded + padded_elements());
    std::fill_n(sums, sum_elements(), 0.f);
    const int64_t gradient = geometry_.dst_h * geometry_.dst_w * filters_;
    for_each_padded_image(*winograd_, geometry_, images_, buffers.src<float>(), share, padded,
                          [&](int64_t image, int64_t from, int64_t to) {
                            winograd_->add_filter_gradient(padded, buffers.src<float>(1) + image * gradient, from, to,
                                                           scratch, sums);
                          });
  }

  void finish(const Buffers& buffers, Share share) const {
    float* sums = buffers.scratch_of<float>({});
    const int64_t begin = share.begin(filters_), end = share.end(filters_), width = geometry_.channels;
    const int64_t matrix = filters_ * width;
    for (int other = 1; other < share.count; ++other)
      for (int64_t at = begin * width; at < sum_elements(); at += matrix) {
        const float* theirs = buffers.scratch_of<float>({other}) + at;
#pragma omp simd
        for (int64_t i = 0; i < (end - begin) * width; ++i) sums[at + i] += theirs[i];
      }
    winograd_->filter_gradient(sums, begin, end, buffers.dst<float>());
  }

  WindowGeometry geometry_;
  int64_t images_, filters_;
  std::shared_ptr<const Winograd> winograd_;
};

std::string declines(const KernelRequest& request) {
  if (std::string reason = missing_avx512(); !reason.empty()) return reason;
  if (std::string reason = declines_non_float(request); !reason.empty()) return reason;
  const Shape& weights = request.result_type().shape;
  if (weights[3] != request.shape(0)[3]) return "grouped";
  if (std::string reason = declines_turned_convolution(request); !reason.empty()) return reason;
  if (weights[1] != 3 || weights[2] != 3) return "the window is not 3 x 3";
  if (weights[0] % 16 != 0 || weights[3] % 16 != 0) return "channels are not multiples of 16";
  return request.shape(1).elements(1, 3) < 16 ? "too few pixels to gain from it" : "";
}

Expected<std::unique_ptr<Kernel>> create(const KernelRequest& request) {
  return std::make_unique<WinogradWeightsGradient>(request);
}

}  // namespace

Implementation avx512_conv_2d_backward_weights_winograd() { return {"avx512 winograd", declines, create, true}; }

}  // namespace pare
