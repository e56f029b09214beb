#include <algorithm>
#include <cmath>

#include "engine/kernel.h"
#include "ops/activation.h"
#include "ops/batch_normalization_training.h"
#include "ops/channel_sums.h"

namespace pare {
namespace {

std::string declines(const KernelRequest& request) {
  if (request.shape(0).elements() == 0) return "there are no positions";
  return declines_non_float(request);
}

// What both directions know: statistics in the first phase, then the pass that needs them.
class OverChannels : public SharedWork {
 public:
  explicit OverChannels(const KernelRequest& request)
      : passes_(request.shape(0).elements() / request.shape(0)[-1], request.shape(0)[-1]),
        rows_(static_cast<double>(passes_.rows())),
        epsilon_(request.node.attrs<BatchNormalizationTrainingAttributes>().epsilon),
        fixed_(request.node.attrs<BatchNormalizationTrainingAttributes>().fixed),
        range_(activation_range(request.node.attrs<BatchNormalizationTrainingAttributes>().activation)) {}
  int phases() const override { return 2; }
  size_t scratch_bytes() const override { return passes_.workspace_bytes(); }

 protected:
  // dst = src * vector 0 + vector 1 in front of the activation, by channel. One arithmetic for both directions, so that the gradient
  // passes exactly where the activation did.
  void put_factors(int64_t channel, float mean, float variance, const float* gamma, const float* beta,
                   const Buffers& buffers, Share share) const {
    const float factor = (gamma == nullptr ? 1.f : gamma[channel]) / std::sqrt(variance + epsilon_);
    passes_.vector(0, buffers, share)[channel] = factor;
    passes_.vector(1, buffers, share)[channel] = (beta == nullptr ? 0.f : beta[channel]) - mean * factor;
  }

  ChannelPasses passes_;
  double rows_;
  float epsilon_;
  bool fixed_;
  RealRange range_;
};

class Forward final : public OverChannels {
 public:
  using OverChannels::OverChannels;

  // Mean and variance in one pass: of the differences from the first row, which is never far away from the mean for float sums.
  void run_share(const Buffers& buffers, Share share) const override {
    const float *src = buffers.src<float>(), *gamma = buffers.src<float>(1), *beta = buffers.src<float>(2);
    if (share.phase == 0) {
      if (fixed_) return;
      std::copy_n(src, passes_.channels(), passes_.vector(0, buffers, share));
      return passes_.add_up_squares(src, buffers, share);
    }
    for (int64_t c = 0; c < passes_.channels(); ++c) {
      const auto [mean, variance] = statistics(c, buffers, share);
      put_factors(c, mean, variance, gamma, beta, buffers, share);
      if (share.index == 0) {
        buffers.dst<float>(1)[c] = mean;
        buffers.dst<float>(2)[c] = variance;
      }
    }
    passes_.scale(src, range_.lowest, range_.highest, buffers.dst<float>(), buffers, share);
  }

 private:
  struct Statistics {
    float mean, variance;
  };
  Statistics statistics(int64_t c, const Buffers& buffers, Share share) const {
    if (fixed_) return {buffers.src<float>(3)[c], buffers.src<float>(4)[c]};
    const double shift = passes_.total(0, c, buffers, share) / rows_;
    const double variance = passes_.total(1, c, buffers, share) / rows_ - shift * shift;
    return {static_cast<float>(buffers.src<float>()[c] + shift), static_cast<float>(std::max(0., variance))};
  }
};

class Backward final : public OverChannels {
 public:
  using OverChannels::OverChannels;
  bool in_place(size_t operand) const override { return operand == 0; }

  void run_share(const Buffers& buffers, Share share) const override {
    const float *src = buffers.src<float>(1), *gamma = buffers.src<float>(2), *beta = buffers.src<float>(3),
                *mean = buffers.src<float>(4), *variance = buffers.src<float>(5);
    const ChannelPasses::Gated g{buffers.src<float>(0), src, range_.lowest, range_.highest};
    const int64_t channels = passes_.channels();
    for (int64_t c = 0; c < channels; ++c) put_factors(c, mean[c], variance[c], gamma, beta, buffers, share);
    if (share.phase == 0) {
      std::copy_n(mean, channels, passes_.vector(2, buffers, share));
      return passes_.add_up_products(g, buffers, share);
    }
    const float* factor = passes_.vector(0, buffers, share);
    float *slope = passes_.vector(2, buffers, share), *offset = passes_.vector(3, buffers, share);
    const auto rows = static_cast<float>(rows_);
    for (int64_t c = 0; c < channels; ++c) {
      const float inverse = 1 / std::sqrt(variance[c] + epsilon_);
      const auto dbeta = static_cast<float>(passes_.total(0, c, buffers, share));
      const float dgamma = static_cast<float>(passes_.total(1, c, buffers, share)) * inverse;
      slope[c] = fixed_ ? 0 : -factor[c] * inverse * dgamma / rows;
      offset[c] = fixed_ ? 0 : -factor[c] * dbeta / rows - slope[c] * mean[c];
      if (share.index == 0) {
        buffers.dst<float>(1)[c] = dgamma;
        buffers.dst<float>(2)[c] = dbeta;
      }
    }
    passes_.combine(g, buffers.dst<float>(), buffers, share);
  }
};

template <class Implemented>
Expected<std::unique_ptr<Kernel>> create(const KernelRequest& request) {
  return std::make_unique<Implemented>(request);
}

}  // namespace

ImplementationList exec_batch_normalization_training() { return {{"plain", declines, create<Forward>}}; }
ImplementationList exec_batch_normalization_backward() { return {{"plain", declines, create<Backward>}}; }

}  // namespace pare
