#include <cmath>

#include "engine/kernel.h"
#include "ops/activation.h"
#include "ops/batch_normalization_training.h"
#include "ops/channel_sums.h"

namespace pare {
namespace {

std::string declines(const KernelRequest& request) {
  if (request.shape(0).elements() == 0) return "there are no positions";
  return request.all_float() ? "" : "operands are not all float32";
}

// What both directions know. Each pass needs the sums of the one before over all positions, so a kernel brings its own threads.
class OverChannels : public Kernel {
 public:
  explicit OverChannels(const KernelRequest& request)
      : passes_(request.shape(0).elements() / request.shape(0)[-1], request.shape(0)[-1], request.threads),
        epsilon_(request.node.attrs<BatchNormalizationTrainingAttributes>().epsilon),
        range_(activation_range(request.node.attrs<BatchNormalizationTrainingAttributes>().activation)) {}
  bool threads_inside() const override { return true; }
  size_t scratch_bytes() const override { return vectors_bytes() + passes_.workspace_bytes(); }

 protected:
  // Scratch memory: three vectors of one number a channel, then what the passes need.
  float* vector(const Buffers& buffers, int number) const {
    return buffers.scratch_of<float>({}) + number * passes_.channels();
  }
  std::byte* workspace(const Buffers& buffers) const { return buffers.scratch_of<std::byte>({}) + vectors_bytes(); }
  size_t vectors_bytes() const { return (static_cast<size_t>(3 * passes_.channels()) * sizeof(float) + 63) / 64 * 64; }
  float rows() const { return static_cast<float>(passes_.rows()); }

  ChannelPasses passes_;
  float epsilon_;
  RealRange range_;
};

class Forward final : public OverChannels {
 public:
  using OverChannels::OverChannels;

  void run(const Buffers& buffers) const override {
    const float *src = buffers.src<float>(), *gamma = buffers.src<float>(1), *beta = buffers.src<float>(2);
    float *mean = buffers.dst<float>(1), *variance = buffers.dst<float>(2);
    passes_.sum(src, mean, workspace(buffers));
    for (int64_t c = 0; c < passes_.channels(); ++c) mean[c] /= rows();
    passes_.sum_squares(src, mean, variance, workspace(buffers));
    float *factor = vector(buffers, 0), *offset = vector(buffers, 1);
    for (int64_t c = 0; c < passes_.channels(); ++c) {
      variance[c] /= rows();
      factor[c] = (gamma == nullptr ? 1.f : gamma[c]) / std::sqrt(variance[c] + epsilon_);
      offset[c] = (beta == nullptr ? 0.f : beta[c]) - mean[c] * factor[c];
    }
    passes_.scale(src, factor, offset, range_.lowest, range_.highest, buffers.dst<float>(), workspace(buffers));
  }
};

class Backward final : public OverChannels {
 public:
  using OverChannels::OverChannels;
  bool in_place(size_t operand) const override { return operand == 0; }

  void run(const Buffers& buffers) const override {
    const float *src = buffers.src<float>(1), *gamma = buffers.src<float>(3), *mean = buffers.src<float>(4),
                *variance = buffers.src<float>(5);
    const ChannelPasses::Gated g{buffers.src<float>(0), buffers.src<float>(2), range_.lowest, range_.highest};
    float *dgamma = buffers.dst<float>(1), *dbeta = buffers.dst<float>(2);
    passes_.sum_products(g, src, mean, dbeta, dgamma, workspace(buffers));
    float *scale = vector(buffers, 0), *slope = vector(buffers, 1), *offset = vector(buffers, 2);
    for (int64_t c = 0; c < passes_.channels(); ++c) {
      const float inverse = 1 / std::sqrt(variance[c] + epsilon_);
      dgamma[c] *= inverse;
      scale[c] = (gamma == nullptr ? 1.f : gamma[c]) * inverse;
      slope[c] = -scale[c] * inverse * dgamma[c] / rows();
      offset[c] = -scale[c] * dbeta[c] / rows() - slope[c] * mean[c];
    }
    passes_.combine(g, src, scale, slope, offset, buffers.dst<float>(), workspace(buffers));
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
